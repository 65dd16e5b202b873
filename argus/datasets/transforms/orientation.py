"""The EXIF orientation of pictures and label maps, by one rule for both.

A camera stores what its sensor saw and notes in a tag how to turn it (Exif 2.32, tag 0x0112).
Labels may be made on the pixels as they are shown, turned, or as they are stored. The rule: what is
shown counts; the tag of a file is applied to it, be it a picture or a label map. ``LoadImage`` with
``orientation="stored"`` says for a whole data set that its labels were made on the stored pixels.
"""

import numpy as np
from PIL import Image

from argus.picture_files import open_unchecked

UPRIGHT = 1
TURNED = (5, 6, 7, 8)
"""Orientations that swap width and height."""

_TAG = 0x0112
# What a file with EXIF data holds: to look for it costs less than to decode a PNG, which may have
# them at its end.
_MARKS = (b"Exif", b"eXIf", b"EXIF", b"Raw profile type")
_TIFF = (b"II*\0", b"MM\0*")


def orientation_of(content: bytes) -> int:
    """The orientation that a file states, 1 to 8; 1, upright, where it states none.

    Args:
        content: The file's bytes.
    """
    if not content.startswith(_TIFF) and not any(mark in content for mark in _MARKS):
        return UPRIGHT
    picture = open_unchecked(content)
    return UPRIGHT if picture is None else tag_of(picture)


def tag_of(picture: Image.Image) -> int:
    """The orientation of an opened picture that is still to be applied, 1 to 8."""
    try:
        tag = picture.getexif().get(_TAG, UPRIGHT)
    except Exception:  # noqa: BLE001 - damaged EXIF data, or pixels, which who decodes it names
        return UPRIGHT
    return tag if tag in range(1, 9) else UPRIGHT


def turn(pixels: np.ndarray, orientation: int) -> np.ndarray:
    """Pixels as they are shown, from those that are stored.

    Args:
        pixels: (H, W) or (H, W, C).
        orientation: 1 to 8.
    """
    if orientation in TURNED:
        pixels = pixels.swapaxes(0, 1)
    if orientation in (2, 3, 6, 7):
        pixels = pixels[:, ::-1]
    if orientation in (3, 4, 7, 8):
        pixels = pixels[::-1]
    return np.ascontiguousarray(pixels)
