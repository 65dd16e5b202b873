"""The EXIF orientation of pictures and label maps, by one rule for both.

A camera stores what its sensor saw and notes in a tag how to turn it (Exif 2.32, tag 0x0112).
Labels may be made on the pixels as they are shown, turned, or as they are stored. The rule: what is
shown counts; the tag of a file is applied to it, be it a picture or a label map. ``LoadImage`` with
``orientation="stored"`` says for a whole data set that its labels were made on the stored pixels.
"""

import numpy as np
from PIL import Image

from argus.files.pictures import open_unchecked

UPRIGHT = 1
TURNED = (5, 6, 7, 8)
"""Orientations that swap width and height."""

_TAG = 0x0112
# How a file of a format begins, and what it holds if it has EXIF data, which a PNG may have at its
# end: to look for that costs less than to decode it.
_MARKS = ((b"\xff\xd8", b"Exif\0\0"), (b"\x89PNG", b"eXIf"), (b"RIFF", b"EXIF"))
_TIFF = (b"II*\0", b"MM\0*")
_BACK = {6: 8, 8: 6}  # the others are their own inverse


def orientation_of(content: bytes) -> int:
    """The orientation that a file states, 1 to 8; 1, upright, where it states none.

    Args:
        content: The file's bytes.
    """
    has_exif = any(content.startswith(start) and mark in content for start, mark in _MARKS)
    if not has_exif and not content.startswith(_TIFF):
        return UPRIGHT
    picture = open_unchecked(content)
    if picture is None:
        return UPRIGHT
    try:
        tag = picture.getexif().get(_TAG, UPRIGHT)
    except Exception:  # noqa: BLE001 - damaged EXIF data, or pixels, which who decodes it names
        return UPRIGHT
    return tag if tag in range(1, 9) else UPRIGHT


def shown_size(picture: Image.Image, content: bytes) -> tuple[int, int]:
    """(width, height) of a picture that Pillow has opened, as it is shown.

    Args:
        picture: Its header.
        content: The file's bytes.
    """
    width, height = picture.size
    is_turned = orientation_of(content) in TURNED and not content.startswith(_TIFF)
    return (height, width) if is_turned else (width, height)


def shown_pixels(picture: Image.Image, content: bytes) -> np.ndarray:
    """The pixels of a picture that Pillow has opened, as they are shown.

    Args:
        picture: Decoded here; Pillow turns a TIFF itself.
        content: The file's bytes.
    """
    pixels = np.array(picture)
    return pixels if content.startswith(_TIFF) else turn(pixels, orientation_of(content))


def turn_opencv(pixels: np.ndarray, content: bytes, *, as_stored: bool) -> np.ndarray:
    """What OpenCV has decoded, turned where it does not do what it is asked for.

    It has no eye for the tag of a WebP, and turns a TIFF also when told not to.

    Args:
        pixels: As it gives them, (H, W, C).
        content: The file's bytes.
        as_stored: Whether they are wanted as they are stored; else as they are shown.
    """
    if as_stored and content.startswith(_TIFF):
        orientation = orientation_of(content)
        return turn(pixels, _BACK.get(orientation, orientation))
    if not as_stored and content[:4] == b"RIFF" and content[8:12] == b"WEBP":
        return turn(pixels, orientation_of(content))
    return pixels


def turn(pixels: np.ndarray, orientation: int) -> np.ndarray:
    """Pixels as they are shown, from those that are stored.

    Args:
        pixels: (H, W) or (H, W, C).
        orientation: 1 to 8.
    """
    if orientation == UPRIGHT:
        return pixels
    if orientation in TURNED:
        pixels = pixels.swapaxes(0, 1)
    if orientation in (2, 3, 6, 7):
        pixels = pixels[:, ::-1]
    if orientation in (3, 4, 7, 8):
        pixels = pixels[::-1]
    return np.ascontiguousarray(pixels)
