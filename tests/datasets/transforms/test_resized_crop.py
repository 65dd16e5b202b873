"""A random part of a picture: mmpretrain's and Pillow's to one level, near them at reduced size."""

import io
from pathlib import Path

import cv2
import numpy as np
import pytest
from mmpretrain.datasets import RandomResizedCrop
from PIL import Image

from argus.datasets.seeding import isolated_rng
from argus.datasets.transforms.loading import LoadImage
from argus.datasets.transforms.resized_crop import LoadResizedCrop, decode_reduced, stored_box
from argus.errors import ConfigError, DataError


def photo(height: int, width: int) -> np.ndarray:
    """Smooth areas, a sharp edge and some grain, as in a photo."""
    rng = np.random.default_rng(0)
    coarse = rng.integers(0, 256, (height // 32 + 2, width // 32 + 2, 3), dtype=np.uint8)
    picture = cv2.resize(coarse, (width, height), interpolation=cv2.INTER_CUBIC).astype(float)
    picture[height // 3 :, : width // 2] *= 0.5
    return np.clip(picture + rng.normal(0, 4, picture.shape), 0, 255).astype(np.uint8)


def write(path: Path, picture: np.ndarray, orientation: int = 1) -> Path:
    exif = Image.Exif()
    exif[0x0112] = orientation
    Image.fromarray(picture).save(path, quality=92, exif=exif)
    return path


def stock(path: Path, scale: int, seed: int) -> np.ndarray:
    crop = RandomResizedCrop(scale, backend="pillow", interpolation="bicubic")
    with isolated_rng(seed):
        return crop.transform(LoadImage().transform(dict(img_path=path)))["img"]


def ours(path: Path, scale: int, seed: int, **keys) -> dict:
    with isolated_rng(seed):
        return LoadResizedCrop(scale=scale, **keys).transform(dict(img_path=path))


@pytest.mark.parametrize("suffix", [".jpg", ".png"])
def test_part__is_that_of_mmpretrain_and_pillow_to_one_level(suffix: str, tmp_path: Path) -> None:
    path = write(tmp_path / f"a{suffix}", photo(120, 160))
    for seed in range(12):
        results = ours(path, 64, seed, reduce=False)
        difference = results["img"].astype(int) - stock(path, 64, seed)
        assert np.abs(difference).max() <= 1
        assert results["ori_shape"] == (120, 160) and results["img_shape"] == (64, 64)
        # Without pixels to spare the whole is decoded, whatever the key says.
        if suffix == ".png":
            assert np.array_equal(ours(path, 64, seed)["img"], results["img"])


@pytest.mark.parametrize("orientation", range(1, 9))
def test_reduced_part__is_near_the_whole_one_however_it_is_turned(
    orientation: int, tmp_path: Path
) -> None:
    path = write(tmp_path / "a.jpg", photo(403, 605), orientation)
    for seed in range(3):
        found = ours(path, 32, seed)["img"].astype(int)
        difference = np.abs(found - stock(path, 32, seed))
        assert difference.mean() < 1.5 and difference.max() < 32
        if orientation == 6:  # and not near another part, or the same one mirrored
            assert np.abs(found[:, ::-1] - stock(path, 32, seed)).mean() > 15
    assert ours(path, 32, 0)["ori_shape"] == ((605, 403) if orientation > 4 else (403, 605))


def test_part__decodes_no_more_than_it_needs(tmp_path: Path, monkeypatch) -> None:
    path = write(tmp_path / "a.jpg", photo(400, 600))
    factors: list[int] = []

    def noted(content: bytes, factor: int) -> np.ndarray | None:
        factors.append(factor)
        return decode_reduced(content, factor)

    monkeypatch.setattr("argus.datasets.transforms.resized_crop.decode_reduced", noted)
    for scale in (400, 190, 90, 32):
        ours(path, scale, 0, crop_ratio_range=(0.99, 1.0), aspect_ratio_range=(1.5, 1.5))
    assert factors == [2, 4, 8]
    ours(path, 32, 0, reduce=False)
    with isolated_rng(0):  # pixels are there, or a size that they have to have
        LoadResizedCrop(scale=32).transform(dict(img=photo(400, 600)))
        LoadResizedCrop(scale=32).transform(dict(img_path=path, height=400, width=600))
    assert factors == [2, 4, 8]


def test_stored_box__has_the_shown_pixels() -> None:
    from argus.datasets.transforms.orientation import turn

    stored = np.arange(35).reshape(5, 7)
    for orientation in range(1, 9):
        shown = turn(stored, orientation)
        top, left, height, width = box = (1, 2, 3, 2)
        y, x, h, w = stored_box(box, orientation, shown.shape)
        part = turn(stored[y : y + h, x : x + w], orientation)
        assert np.array_equal(part, shown[top : top + height, left : left + width]), orientation


def test_size__of_height_and_width_and_linear(tmp_path: Path) -> None:
    path = write(tmp_path / "a.jpg", photo(120, 160), 8)
    for reduce in (True, False):
        found = ours(path, (20, 30), 0, interpolation="bilinear", reduce=reduce)["img"]
        assert found.shape == (20, 30, 3) and found.dtype == np.uint8
    with pytest.raises(ConfigError, match="expected 'bilinear' or 'bicubic', found 'area'"):
        LoadResizedCrop(scale=8, interpolation="area")


def test_damage__is_named_at_reduced_size_too(tmp_path: Path) -> None:
    whole = write(tmp_path / "a.jpg", photo(400, 600)).read_bytes()
    path = tmp_path / "b.jpg"
    path.write_bytes(whole[:-900])
    with pytest.raises(DataError, match=r"b\.jpg: corrupt or truncated image"):
        ours(path, 32, 0)


def test_reduced__of_grey_and_of_four_inks() -> None:
    for mode in ("L", "CMYK"):
        file = io.BytesIO()
        Image.fromarray(photo(70, 90)).convert(mode).save(file, "JPEG", quality=95)
        found = decode_reduced(file.getvalue(), 2)
        assert found is not None
        full = cv2.imdecode(np.frombuffer(file.getvalue(), np.uint8), cv2.IMREAD_COLOR)
        mean = full.reshape(35, 2, 45, 2, 3).mean((1, 3))
        assert np.abs(found - mean).mean() < 3
