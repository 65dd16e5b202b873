import struct
import zlib

import numpy as np
import pytest
from mmseg.datasets.transforms import LoadAnnotations
from PIL import Image

from argus.datasets.transforms import CheckLabel, LoadSegMap
from argus.datasets.transforms.label_images import decode_label_map
from argus.errors import DataError


def results_for(path, labels, **changes):
    return (
        dict(
            seg_map_path=str(path),
            ori_shape=labels.shape[:2],
            reduce_zero_label=False,
            label_map=None,
            seg_fields=[],
        )
        | changes
    )


def save(path, labels):
    Image.fromarray(labels).save(path)
    return path


@pytest.fixture
def labels():
    return np.random.default_rng(0).integers(0, 6, (10, 12)).astype(np.uint8)


@pytest.mark.parametrize("reduce_zero_label", [False, True])
@pytest.mark.parametrize("label_map", [None, {0: 3, 1: 255, 2: 0, 3: 1}])
def test_load__equals_the_stock_transform(tmp_path, labels, reduce_zero_label, label_map):
    labels[0, 0] = 255
    path = save(tmp_path / "a.png", labels)
    kwargs = dict(reduce_zero_label=reduce_zero_label, label_map=label_map)
    expected = LoadAnnotations().transform(results_for(path, labels, **kwargs))["gt_seg_map"]
    results = LoadSegMap(6).transform(results_for(path, labels, **kwargs))
    np.testing.assert_array_equal(results["gt_seg_map"], expected)
    assert results["gt_seg_map"].dtype == np.uint8
    assert results["seg_fields"] == ["gt_seg_map"]


def test_load__label_beyond_the_classes_raises(tmp_path, labels):
    path = save(tmp_path / "a.png", labels)
    with pytest.raises(DataError, match=r"a\.png: labels \[4, 5\] out of range: expected 0\.\.3"):
        LoadSegMap(4).transform(results_for(path, labels))


def test_load__16_bit_label_does_not_wrap(tmp_path, labels):
    wide = labels.astype(np.uint16) + 256
    path = save(tmp_path / "a.png", wide)
    stock = LoadAnnotations().transform(results_for(path, wide))["gt_seg_map"]
    np.testing.assert_array_equal(stock, labels)  # what the stock transform makes of it, silently
    with pytest.raises(DataError, match=r"labels \[256, .* out of range"):
        LoadSegMap(6).transform(results_for(path, wide))


def test_load__colour_picture_raises(tmp_path):
    path = save(tmp_path / "a.png", np.zeros((4, 5, 3), np.uint8))
    with pytest.raises(DataError, match="colour picture"):
        LoadSegMap(6).transform(results_for(path, np.zeros((4, 5))))


def test_load__palette_image_gives_indices(tmp_path, labels):
    image = Image.fromarray(labels)
    image.putpalette(list(range(30)))
    image.save(tmp_path / "a.png")
    results = LoadSegMap(6).transform(results_for(tmp_path / "a.png", labels))
    np.testing.assert_array_equal(results["gt_seg_map"], labels)


def test_load__size_other_than_the_image_raises(tmp_path, labels):
    path = save(tmp_path / "a.png", labels)
    with pytest.raises(DataError, match=r"label map is 12x10.*its image 10x12"):
        LoadSegMap(6).transform(results_for(path, labels, ori_shape=(12, 10)))


def test_load__missing_and_corrupt_raise(tmp_path, labels):
    with pytest.raises(DataError, match=r"a\.png: no such file"):
        LoadSegMap(6).transform(results_for(tmp_path / "a.png", labels))
    (tmp_path / "b.png").write_bytes(b"nothing")
    with pytest.raises(DataError, match=r"b\.png: corrupt"):
        LoadSegMap(6).transform(results_for(tmp_path / "b.png", labels))


def test_check_label__range():
    assert CheckLabel(3).transform(dict(gt_label=2)) == dict(gt_label=2)
    for label in (3, -1):
        with pytest.raises(
            DataError, match=rf"x\.jpg: class {label} out of range: expected 0\.\.2"
        ):
            CheckLabel(3).transform(dict(gt_label=label, img_path="x.jpg"))


def test_check_label__of_instances():
    check = CheckLabel(3)
    for fine in ([0, 2, 2], []):
        results = dict(gt_bboxes_labels=np.array(fine, dtype=np.int64))
        assert check.transform(results) is results
    for labels, wrong in (([0, 3], 3), ([-1, 2], -1)):
        results = dict(gt_bboxes_labels=np.array(labels), img_path="x.jpg")
        with pytest.raises(
            DataError, match=rf"x\.jpg: class {wrong} out of range: expected 0\.\.2"
        ):
            check.transform(results)


@pytest.mark.parametrize("bits", [1, 2, 4, 8])
@pytest.mark.parametrize("suffix", ["png", "tif"])
def test_decode__labels_of_few_bits_are_those_of_the_file(bits, suffix):
    """Pillow spreads them over 0 to 255."""
    labels = np.arange(2**bits, dtype=np.uint8).reshape(2, -1)
    content = _grey_png(labels, bits) if suffix == "png" else _grey_tiff(labels, bits)
    np.testing.assert_array_equal(decode_label_map(content), labels)


@pytest.mark.parametrize("plain", [False, True])
@pytest.mark.parametrize("maximum", [1, 5, 15, 149, 254, 255, 256, 1000, 10_000, 65_534, 65_535])
def test_decode__labels_of_a_pgm_are_those_of_the_file(maximum, plain):
    """Pillow spreads them, too."""
    labels = np.unique(np.linspace(0, maximum, 999).round().astype(np.uint16))[None]
    data = labels.astype(">u2" if maximum > 255 else np.uint8).tobytes()
    data = " ".join(map(str, labels[0])).encode() if plain else data
    header = f"P{2 if plain else 5}\n{labels.size} 1\n{maximum}\n".encode()
    np.testing.assert_array_equal(decode_label_map(header + data), labels)


@pytest.mark.parametrize("bits", [1, 2, 4, 8])
def test_decode__where_0_is_white_raises(bits):
    """Pillow inverts them, and which of both is a label nobody knows."""
    labels = np.arange(2**bits, dtype=np.uint8).reshape(2, -1)
    message = "a TIFF in which 0 is white.*Save the label image as PNG"
    with pytest.raises(DataError, match=message):
        decode_label_map(_grey_tiff(labels, bits, white_is_0=True))
    with pytest.raises(DataError, match="a PPM in which 0 is white"):
        decode_label_map(b"P4\n8 1\n\x50")


def _packed(labels: np.ndarray, bits: int) -> list[bytes]:
    """Rows of the most significant bit first, filled up to whole bytes."""
    planes = np.unpackbits(labels[..., None], axis=-1)[..., 8 - bits :]
    return [np.packbits(row.reshape(-1)).tobytes() for row in planes]


def _grey_png(labels: np.ndarray, bits: int) -> bytes:
    def chunk(kind: bytes, data: bytes) -> bytes:
        return (
            struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
        )

    height, width = labels.shape
    rows = b"".join(b"\0" + row for row in _packed(labels, bits))
    header = struct.pack(">IIBBBBB", width, height, bits, 0, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", header)
        + chunk(b"IDAT", zlib.compress(rows))
        + chunk(b"IEND", b"")
    )


def _grey_tiff(labels: np.ndarray, bits: int, *, white_is_0: bool = False) -> bytes:
    height, width = labels.shape
    data = b"".join(_packed(labels, bits))
    # width, height, bits, no compression, what 0 is, where, samples, rows, how many bytes
    tags = [
        (256, width),
        (257, height),
        (258, bits),
        (259, 1),
        (262, int(not white_is_0)),
        (273, 8),
        (277, 1),
    ]
    tags += [(278, height), (279, len(data))]
    start = 8 + len(data) + len(data) % 2
    entries = b"".join(struct.pack("<HHII", tag, 4, 1, value) for tag, value in tags)
    body = data.ljust(start - 8, b"\0")
    return (
        struct.pack("<2sHI", b"II", 42, start)
        + body
        + struct.pack("<H", len(tags))
        + entries
        + bytes(4)
    )
