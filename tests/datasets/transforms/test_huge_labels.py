"""Label maps whose header declares more than is decoded: nothing of them is."""

import io
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from mmcv.transforms import BaseTransform
from PIL import Image
from scipy.io import savemat

from argus.datasets.convert import labels
from argus.datasets.transforms.binary_labels import LoadAnomalyMask, LoadBoundary, LoadSaliency
from argus.datasets.transforms.dense_labels import LoadDepth, LoadNormals
from argus.datasets.transforms.label_images import decode_label_map, decode_stored
from argus.datasets.transforms.labels import LoadSegMap
from argus.datasets.transforms.panoptic import LoadPanoptic
from argus.errors import DataError
from argus.files.pictures import MAX_MEGAPIXELS_VARIABLE
from tests.pictures import png_header

LOADERS: list[BaseTransform] = [
    *(LoadSegMap(num_classes=3), LoadPanoptic(num_classes=3), LoadAnomalyMask()),
    *(LoadDepth(), LoadNormals(), LoadBoundary(positive=1), LoadSaliency(positive=1)),
]
KEYS = ("seg_map", "panoptic", "mask", "depth", "normal", "boundary", "saliency")


def load(loader: BaseTransform, path: Path, shape: tuple[int, int]) -> Any:
    sample: dict[str, Any] = dict(ori_shape=shape, seg_fields=[], segments_info=[])
    sample |= {f"{key}_path": str(path) for key in KEYS}
    return loader.transform(sample)


@pytest.fixture
def no_decoder(monkeypatch: pytest.MonkeyPatch) -> None:
    def decoded(*_: Any, **__: Any) -> None:
        pytest.fail("pixels were decoded")

    monkeypatch.setattr("PIL.ImageFile.ImageFile.load", decoded)
    monkeypatch.setattr("cv2.imdecode", decoded)


@pytest.mark.usefixtures("no_decoder")
@pytest.mark.parametrize("loader", LOADERS, ids=lambda loader: type(loader).__name__)
def test_loader__size_from_the_header(loader: BaseTransform, tmp_path: Path) -> None:
    path = tmp_path / "map.png"
    path.write_bytes(png_header(20_000, 20_000))
    with pytest.raises(DataError, match=r"map.png: declares 20000 x 20000 .*decompression bomb"):
        load(loader, path, (20_000, 20_000))
    path.write_bytes(png_header(16_000, 16_000))  # within the limit, but not of its picture
    with pytest.raises(DataError, match=r"map.png: the .* is 16000x16000 .* its image 40x30"):
        load(loader, path, (30, 40))


@pytest.mark.usefixtures("no_decoder")
def test_decoders__size_from_the_header() -> None:
    content = png_header(60_000, 60_000, kind=0)
    with pytest.raises(DataError, match="decompression bomb"):
        decode_label_map(content)
    with pytest.raises(DataError, match="decompression bomb"):
        decode_stored(content, name="normal map")


def test_limit__may_be_raised_above_that_of_pillow(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("PIL.Image.MAX_IMAGE_PIXELS", 100)  # 1,000 pixels are a bomb to it
    file = io.BytesIO()
    Image.new("L", (50, 20)).save(file, "PNG")
    assert decode_label_map(file.getvalue()).shape == (20, 50)
    monkeypatch.setenv(MAX_MEGAPIXELS_VARIABLE, "0.0009")
    with pytest.raises(DataError, match=f"at most 0 are decoded.*{MAX_MEGAPIXELS_VARIABLE}"):
        decode_label_map(file.getvalue())


# --- of archives ---


def npy_header(path: Path, shape: tuple[int, ...]) -> None:
    """An array of bytes with a hole where its values would be."""
    np.lib.format.open_memmap(path, mode="w+", dtype=np.uint8, shape=shape)


@pytest.mark.parametrize(
    "shape", [(1_000_000, 300), (20_000, 20_000), (2_000, 2_000, 300), (2_000_000,)]
)
def test_archive__array_of_numpy(tmp_path: Path, shape: tuple[int, ...]) -> None:
    path = tmp_path / "normals.npy"
    npy_header(path, shape)
    with pytest.raises(DataError, match="normals.npy: declares "):
        labels.read(path)


def test_archive__array_of_matlab(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "map.mat"
    savemat(path, dict(LabelMap=np.zeros((30, 40), np.uint8)), do_compression=True)
    assert labels.read(path, "LabelMap").shape == (30, 40)
    monkeypatch.setenv(MAX_MEGAPIXELS_VARIABLE, "0.001")
    monkeypatch.setattr("argus.files.mat_files.loadmat", lambda _: pytest.fail("loaded"))
    with pytest.raises(DataError, match="map.mat: declares 40 x 30 pixels"):
        labels.read(path, "LabelMap")


@pytest.mark.usefixtures("no_decoder")
def test_archive__picture(tmp_path: Path) -> None:
    path = tmp_path / "map.png"
    path.write_bytes(png_header(20_000, 20_000, kind=0))
    for read in (labels.read, labels.image_size):
        with pytest.raises(DataError, match="map.png: declares 20000 x 20000"):
            read(path)
