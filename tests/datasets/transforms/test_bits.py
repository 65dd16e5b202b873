"""Files whose values a decoder changes without a word are refused, or read as they are stored."""

import io

import cv2
import numpy as np
import pytest
from PIL import Image

from argus.datasets.transforms.colour_table import ColourTable
from argus.datasets.transforms.label_images import decode_grey, decode_label_map
from argus.datasets.transforms.loading import decode_image
from argus.errors import DataError

COLOURS = np.array([[[200, 100, 0], [0, 0, 0]], [[9, 8, 7], [255, 255, 255]]], np.uint8)


@pytest.mark.parametrize(
    ("content", "values"),
    [
        (b"P5\n4 1\n3\n" + bytes([0, 3, 7, 200]), "3, with 2 values above it, up to 200"),
        (b"P5\n2 1\n300\n" + bytes([0, 3, 2, 0]), "300, with 1 value above it, up to 512"),
    ],
)
def test_pgm__values_above_its_maximum(content: bytes, values: str) -> None:
    with pytest.raises(DataError, match=f"largest value is {values}: which are meant"):
        decode_label_map(content)


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
