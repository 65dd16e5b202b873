"""The size of a picture before it is decoded.

A file of a few kilobytes may declare a picture that fills the memory: its head is looked at first.
"""

import io
import os

from PIL import Image, UnidentifiedImageError

from argus.errors import ConfigError, DataError

PICTURE_SUFFIXES = (
    *(".jpg", ".jpeg", ".jpe", ".jfif", ".png", ".bmp", ".webp", ".tif", ".tiff", ".gif"),
    *(".ppm", ".pgm", ".pbm", ".jp2", ".avif", ".heic", ".heif"),
)
"""By which a file counts as a picture, in small letters; those of phones are told by name."""
MAX_MEGAPIXELS = 268.0
"""Largest picture that is decoded: a camera's 200 megapixels, 0.8 GB as RGB, with some room."""
MAX_MEGAPIXELS_VARIABLE = "ARGUS_MAX_MEGAPIXELS"
# OpenCV decodes no larger picture, whatever is asked for.
_OPENCV_MEGAPIXELS = 2**30 / 1e6
_OPENCV_SIDE_PX = 2**20
# Pillow hands them to another program to be drawn.
_PROGRAMS = ("EPS",)
# A blank photo has at most 350 pixels per byte as JPEG or RGB PNG.
_BOMB_PIXELS_PER_BYTE = 2000


def open_unchecked(content: bytes) -> Image.Image | None:
    """Pillow's picture of a file without its pixels: the header alone is read.

    Unlike ``Image.open`` it has no limit on pixels of its own, so that ours can say what is wrong.

    Args:
        content: The file's bytes.

    Returns:
        The picture; ``None`` if Pillow does not know the format or the header is damaged.
    """
    for load_plugins in (Image.preinit, Image.init):
        load_plugins()
        for name in Image.ID:
            if name in _PROGRAMS:
                continue
            factory, accept = Image.OPEN[name]
            try:
                # A text, not True, says that the format is known but not supported here.
                if accept is None or accept(content[:16]) is True:
                    return factory(io.BytesIO(content), "")
            except Exception:  # noqa: BLE001 - plugins raise many kinds for damaged bytes
                continue
    return None


def open_picture(content: bytes) -> Image.Image:
    """Pillow's picture of a file, of a size that may be decoded, before its pixels are read.

    Args:
        content: The file's bytes.

    Raises:
        DataError: It has too many pixels, as for :func:`check_size`.
        UnidentifiedImageError: Pillow does not know the format, or the header is damaged.
    """
    picture = open_unchecked(content)
    if picture is None:
        raise UnidentifiedImageError("no format that Pillow knows")
    check_size(*picture.size, num_bytes=len(content))
    return picture


def check_declared_size(content: bytes) -> None:
    """Raise for a picture that has too many pixels to be decoded.

    Args:
        content: The file's bytes; a format that Pillow does not know is let through.

    Raises:
        DataError: It has more pixels than the limit, or so many for its bytes that it is no photo.
        ConfigError: ``ARGUS_MAX_MEGAPIXELS`` is not a number.
    """
    picture = open_unchecked(content)
    if picture is not None:
        check_size(*picture.size, num_bytes=len(content))


def check_size(width: int, height: int, *, num_bytes: int) -> None:
    """Raise for what has too many pixels to be decoded.

    Args:
        width: Declared, in pixels.
        height: Declared, in pixels.
        num_bytes: Of the file.

    Raises:
        DataError: More pixels than the limit, or so many for its bytes that it is no photo.
        ConfigError: ``ARGUS_MAX_MEGAPIXELS`` is not a number.
    """
    limit = max_megapixels()
    megapixels = width * height / 1e6
    declared = f"declares {width} x {height} pixels, {megapixels:,.0f} megapixels"
    if max(width, height) > _OPENCV_SIDE_PX:
        raise DataError(f"{declared}; a side may have at most {_OPENCV_SIDE_PX:,} pixels: cut it")
    if megapixels <= limit:
        return
    if width * height > _BOMB_PIXELS_PER_BYTE * num_bytes:
        raise DataError(
            f"{declared}, in {num_bytes:,} bytes: a decompression bomb, no photo; it is not decoded"
        )
    remedy = (
        f"raise the limit with {MAX_MEGAPIXELS_VARIABLE}={megapixels + 1:.0f}, or scale it down"
        if megapixels < _OPENCV_MEGAPIXELS - 1
        else "OpenCV cannot read it; scale it down or cut it"
    )
    raise DataError(f"{declared}; at most {limit:,.0f} are decoded: {remedy}")


def max_megapixels() -> float:
    """The limit, which the environment variable ``ARGUS_MAX_MEGAPIXELS`` may set.

    Raises:
        ConfigError: The variable is no positive number.
    """
    text = os.environ.get(MAX_MEGAPIXELS_VARIABLE)
    if not text:
        return MAX_MEGAPIXELS
    try:
        limit = float(text)
    except ValueError:
        limit = 0.0
    if not 0 < limit < float("inf"):
        raise ConfigError(
            f"{MAX_MEGAPIXELS_VARIABLE}: expected a positive number of megapixels, found {text!r}"
        )
    return min(limit, _OPENCV_MEGAPIXELS)
