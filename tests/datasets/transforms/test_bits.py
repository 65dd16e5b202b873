"""Files whose values a decoder changes without a word are refused, or read as they are stored."""

import io
from collections.abc import Callable

import cv2
import numpy as np
import pytest
from PIL import Image

from argus.datasets.transforms.colour_table import ColourTable, decode_colours
from argus.datasets.transforms.label_images import decode_grey, decode_label_map
from argus.datasets.transforms.loading import decode_image
from argus.errors import DataError

Decoder = Callable[[bytes], np.ndarray]
COLOURS = np.array([[[200, 100, 0], [0, 0, 0]], [[9, 8, 7], [255, 255, 255]]], np.uint8)


@pytest.mark.parametrize("decode", [decode_label_map, decode_image])
@pytest.mark.parametrize(
    ("content", "values"),
    [
        (b"P5\n4 1\n3\n" + bytes([0, 3, 7, 200]), "PGM .* 3, with 2 values above it, up to 200"),
        (b"P5\n2 1\n300\n" + bytes([0, 3, 2, 0]), "PGM .* 300, with 1 value above it, up to 512"),
        (b"P2\n4 1\n3\n0 3 7 # a remark 9\n200", "PGM .* 3, with 2 values above it, up to 200"),
        (b"P2\n2 1\n255\n0 256\n", "PGM .* 255, with 1 value above it, up to 256"),
    ],
)
def test_pgm__values_above_its_maximum(decode: Decoder, content: bytes, values: str) -> None:
    with pytest.raises(DataError, match=f"{values}: which are meant"):
        decode(content)


@pytest.mark.parametrize("stored", [b"P6\n1 1\n9\n" + bytes([9, 10, 0]), b"P3\n1 1\n9\n9 10 0"])
def test_ppm__values_above_its_maximum(stored: bytes) -> None:
    for decode in (decode_image, decode_colours):
        with pytest.raises(DataError, match="a PPM .* 9, with 1 value above it, up to 10: which"):
            decode(stored)


@pytest.mark.parametrize("maximum", [1, 100, 255, 300, 4095, 65535])
@pytest.mark.parametrize("channels", [1, 3])
def test_netpbm__shades_are_those_of_the_format_in_text_and_binary(maximum, channels) -> None:
    """OpenCV takes binary values as they are, which makes them dark."""
    values = np.linspace(0, maximum, 6 * channels).round().astype(int)
    header = f"P%d\n3 2\n{maximum}\n"
    text, binary = (2, 5) if channels == 1 else (3, 6)
    kind = ">u2" if maximum > 255 else np.uint8
    contents = (
        (header % text).encode() + " ".join(map(str, values)).encode(),
        (header % binary).encode() + values.astype(kind).tobytes(),
    )
    shown = (values * 255 / maximum).reshape(2, 3, channels)
    for content in contents:
        found = decode_image(content)[..., ::-1]
        assert found.shape == (2, 3, 3) and found.dtype == np.uint8
        assert np.abs(found - shown).max() < 1
        if channels == 3 and maximum > 255:
            with pytest.raises(DataError, match="of colours of 8 bits, found the mode RGB of 16"):
                decode_colours(content)
        elif channels == 3:
            assert (decode_colours(content) == found).all()


@pytest.mark.parametrize("numbers", [b"0 1 2", b"0 1 2 x", b"0 1 2 -3", b"", b"0 1 2 1.5"])
def test_netpbm__damaged_text(numbers: bytes) -> None:
    for decode in (decode_label_map, decode_image):
        with pytest.raises(DataError, match="truncated PGM|damaged text picture"):
            decode(b"P2\n4 1\n9\n" + numbers)


def test_pgm__values_up_to_its_maximum() -> None:
    content = b"P5\n4 1\n3\n" + bytes([0, 1, 2, 3])
    assert decode_label_map(content).tolist() == [[0, 1, 2, 3]]
    assert decode_label_map(b"P5\n2 1\n300\n" + bytes([0, 7, 1, 44])).tolist() == [[7, 300]]


def test_png__of_16_bits_in_several_channels_is_no_label_map() -> None:
    wide = cv2.imencode(".png", COLOURS[..., ::-1].astype(np.uint16) * 257)[1].tobytes()
    with pytest.raises(DataError, match="several channels of 16 bits: save it with 8 bits"):
        decode_grey(wide)
    table = ColourTable([(200, 100, 0)], void=[], ignore=255, where="x")
    with pytest.raises(DataError, match="RGB of 16 bits"):
        table.decode(wide)


@pytest.mark.parametrize("transparent", [False, True])
def test_tiff__colours_are_those_stored_whatever_the_alpha(transparent: bool) -> None:
    alpha = np.array([[255, 128], [0, 255]] if transparent else [[255] * 2] * 2, np.uint8)
    stored = np.dstack([COLOURS, alpha])
    file = io.BytesIO()
    Image.fromarray(stored, "RGBA").save(file, "TIFF")
    png = cv2.imencode(".png", stored[..., [2, 1, 0, 3]])[1].tobytes()
    found = decode_image(file.getvalue())
    assert (found[..., ::-1] == COLOURS).all() and found.flags.c_contiguous
    assert (found == decode_image(png)).all()


@pytest.mark.parametrize("start", [b"P7\nWIDTH 1\n", b"P2\n1 1\n1000000\n5", b"#?RADIANCE\n"])
def test_picture__of_a_format_that_is_not_read(start: bytes) -> None:
    for decode in (decode_image, decode_label_map, decode_colours):
        with pytest.raises(DataError, match="or in a format that is not read .* beginning with b'"):
            decode(start)
