import io
from pathlib import Path

import cv2
import mmcv
import numpy as np
import pytest
from PIL import Image

from argus.datasets.transforms import LoadImage
from argus.errors import DataError


def picture(height=48, width=64) -> np.ndarray:
    """RGB uint8 (H, W, 3) that compresses to some kilobytes."""
    noise = np.random.default_rng(0).integers(0, 256, (height, width, 3), dtype=np.uint8)
    return cv2.GaussianBlur(noise, (5, 5), 2)


def save(path: Path, image, **options) -> str:
    (image if isinstance(image, Image.Image) else Image.fromarray(image)).save(path, **options)
    return str(path)


def load(path, **annotation) -> np.ndarray:
    return LoadImage().transform(dict(img_path=path, **annotation))["img"]


@pytest.mark.parametrize("suffix", ["jpg", "png", "bmp", "tiff", "webp"])
def test_load__equals_the_stock_transform(tmp_path, suffix):
    path = save(tmp_path / f"a.{suffix}", picture())
    expected = mmcv.transforms.LoadImageFromFile().transform(dict(img_path=path))
    results = LoadImage().transform(dict(img_path=path))
    np.testing.assert_array_equal(results["img"], expected["img"])
    assert results["img_shape"] == results["ori_shape"] == expected["ori_shape"] == (48, 64)


def test_load__is_bgr(tmp_path):
    red = np.zeros((8, 8, 3), np.uint8)
    red[..., 0] = 255
    assert load(save(tmp_path / "red.png", red))[0, 0].tolist() == [0, 0, 255]


def test_load__drops_alpha_and_keeps_the_colour(tmp_path):
    rgba = np.dstack([picture(), np.zeros((48, 64), np.uint8)])  # fully transparent
    np.testing.assert_array_equal(load(save(tmp_path / "a.png", rgba)), picture()[..., ::-1])


def test_load__16_bit_becomes_the_upper_8(tmp_path):
    depth = np.arange(64 * 64, dtype=np.uint16).reshape(64, 64) * 16
    image = load(save(tmp_path / "a.png", depth))
    for channel in range(3):
        np.testing.assert_array_equal(image[..., channel], depth >> 8)


def test_load__16_bit_with_values_of_8_is_refused(tmp_path):
    path = save(tmp_path / "a.png", picture()[..., 0].astype(np.uint16))
    with pytest.raises(DataError, match=r"a.png: has 16 bits per value, but none above \d+"):
        load(path)
    black = save(tmp_path / "black.png", np.zeros((8, 8), np.uint16))
    assert not load(black).any()


@pytest.mark.parametrize("suffix", ["png", "tiff"])
def test_load__16_bit_with_values_of_12_is_told(tmp_path, suffix):
    values = picture()[..., 0].astype(np.uint16) * 16
    with pytest.warns(UserWarning, match="no value above 4095"):
        image = load(save(tmp_path / f"a.{suffix}", values))
    np.testing.assert_array_equal(image[..., 1], values >> 8)


@pytest.mark.parametrize(("kind", "words"), [(np.float32, "floating-point"), (np.int32, "32-bit")])
def test_load__numbers_of_32_bits_are_named(tmp_path, kind, words):
    path = save(tmp_path / "a.tiff", picture()[..., 0].astype(kind))
    with pytest.raises(DataError, match=f"does not decode .*: its values are {words} numbers"):
        load(path)


def test_load__one_channel_is_replicated(tmp_path):
    grey = picture()[..., 0]
    image = load(save(tmp_path / "a.png", grey))
    np.testing.assert_array_equal(image, np.repeat(grey[..., None], 3, axis=2))


def test_load__palette_is_looked_up(tmp_path):
    palette = Image.fromarray(picture()).quantize(16)
    image = load(save(tmp_path / "a.png", palette))
    np.testing.assert_array_equal(image[..., ::-1], np.array(palette.convert("RGB")))


def test_load__cmyk_jpeg_is_converted(tmp_path):
    path = save(tmp_path / "a.jpg", Image.fromarray(picture()).convert("CMYK"), quality=95)
    assert np.abs(load(path)[..., ::-1].astype(int) - picture()).mean() < 3


def test_load__float32(tmp_path):
    path = save(tmp_path / "a.png", picture())
    image = LoadImage(to_float32=True).transform(dict(img_path=path))["img"]
    assert image.dtype == np.float32
    np.testing.assert_array_equal(image, load(path))


def test_load__image_in_results_is_kept():
    image = picture()
    results = LoadImage().transform(dict(img=image))
    assert results["img"] is image and results["img_path"] is None
    assert results["ori_shape"] == (48, 64)


@pytest.fixture
def rotated(tmp_path) -> str:
    """A JPEG of 64x48 stored pixels, to be shown as 48x64 (EXIF orientation 6)."""
    exif = Image.Exif()
    exif[0x0112] = 6
    return save(tmp_path / "a.jpg", picture(), exif=exif)


def test_orientation__is_applied_as_in_the_stock_transform(rotated):
    assert load(rotated).shape == (64, 48, 3)
    np.testing.assert_array_equal(load(rotated), mmcv.imread(rotated))
    np.testing.assert_array_equal(load(rotated, height=64, width=48), mmcv.imread(rotated))


def test_orientation__stored_pixels_where_the_annotation_fits_them(rotated):
    image = load(rotated, height=48, width=64)
    np.testing.assert_array_equal(image, mmcv.imread(rotated, flag="color_ignore_orientation"))


def test_size__other_than_annotated_raises(tmp_path):
    path = save(tmp_path / "a.png", picture())
    with pytest.raises(DataError, match=r"a\.png: the image is 64x48.*annotation says 100x48"):
        load(path, height=48, width=100)


def encoded(kind: str) -> bytes:
    buffer = io.BytesIO()
    Image.fromarray(picture(256, 256)).save(buffer, kind)
    return buffer.getvalue()


@pytest.mark.parametrize("kind", ["JPEG", "PNG"])
@pytest.mark.parametrize("share", [0.1, 0.5, 0.9, 0.999])
def test_truncated__raises_and_names_the_file(tmp_path, kind, share):
    content = encoded(kind)
    path = tmp_path / "cut.img"
    path.write_bytes(content[: int(share * len(content))])
    with pytest.raises(DataError, match=r"cut\.img: .*truncated"):
        load(str(path))


def test_jpeg__padding_after_the_end_is_fine(tmp_path):
    path = tmp_path / "a.jpg"
    path.write_bytes(encoded("JPEG") + bytes(100))
    assert load(str(path)).shape == (256, 256, 3)


def test_jpeg__data_after_the_end_is_fine(tmp_path):
    path = tmp_path / "a.jpg"
    path.write_bytes(encoded("JPEG") + b"trailer of a camera")
    assert load(str(path)).shape == (256, 256, 3)


def test_corrupt_png__raises(tmp_path):
    content = bytearray(encoded("PNG"))
    content[len(content) // 2] ^= 0xFF
    path = tmp_path / "a.png"
    path.write_bytes(content)
    with pytest.raises(DataError, match=r"a\.png"):
        load(str(path))


@pytest.mark.parametrize(
    ("content", "reason"), [(b"", "empty"), (b"<html>not found</html>", "a web page")]
)
def test_no_image__raises_with_the_reason(tmp_path, content, reason):
    path = tmp_path / "a.jpg"
    path.write_bytes(content)
    with pytest.raises(DataError, match=rf"a\.jpg: .*{reason}"):
        load(str(path))


def test_missing__raises(tmp_path):
    with pytest.raises(DataError, match=r"nowhere\.jpg: no such file"):
        load(str(tmp_path / "nowhere.jpg"))
