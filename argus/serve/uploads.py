"""Pictures that strangers send: what is taken, what is refused, and the words for it."""

import io
import warnings
from dataclasses import dataclass

import numpy as np
from PIL import Image, UnidentifiedImageError

from argus.errors import DataError
from argus.inference.images import load_image

# Decoders of other formats are old, rarely used, and so a larger target.
FORMATS = ("JPEG", "PNG", "WEBP", "BMP", "TIFF")
MIN_SIDE_PX = 16
MEGABYTE = 1024 * 1024


class TooLargeError(DataError):
    """A file or picture above the limits."""


class NotAPictureError(DataError):
    """A file that is no picture of a known format, or a damaged one."""


@dataclass(frozen=True, kw_only=True)
class Limits:
    """What an upload may be.

    Args:
        max_upload_mb: Size of the file, in units of 1024 * 1024 bytes, as Gradio counts.
        max_megapixels: Size of the picture. A small file may hold a huge picture, and the answers
            have its size: twelve tasks on 25 megapixels take a few gigabytes.
        max_aspect: Long side by short side: a strip is enlarged until its short side suits the
            network, and its long side grows with it.
    """

    max_upload_mb: float = 20.0
    max_megapixels: float = 25.0
    max_aspect: float = 8.0

    @property
    def max_bytes(self) -> int:
        """The size of the file in bytes."""
        return int(self.max_upload_mb * MEGABYTE)


def read_picture(data: bytes, limits: Limits) -> np.ndarray:
    """Decode an upload, turned upright as its EXIF data say.

    Args:
        data: The file.
        limits: What it may be; the picture's size is checked before it is decoded.

    Returns:
        RGB ``(H, W, 3)`` uint8.

    Raises:
        TooLargeError: It is above a limit.
        NotAPictureError: It cannot be decoded, or has another format.
        DataError: It is too small.
    """
    if len(data) > limits.max_bytes:
        raise TooLargeError(
            f"The file has {len(data) / MEGABYTE:.1f} MB; at most {limits.max_upload_mb:g} MB are "
            "taken. Save it smaller, e.g. as JPEG."
        )
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", Image.DecompressionBombWarning)
            picture = Image.open(io.BytesIO(data), formats=FORMATS)
        _check_size(*picture.size, limits)
        picture.load()
    except Image.DecompressionBombError:
        raise TooLargeError(
            f"The picture has more than {limits.max_megapixels:g} megapixels. Scale it down first."
        ) from None
    except UnidentifiedImageError:
        raise NotAPictureError(
            f"This is not a picture that can be read. Known formats: {', '.join(FORMATS)}."
        ) from None
    except DataError:
        raise
    except Exception as error:  # Pillow's decoders raise OSError, SyntaxError, struct.error, ...
        raise NotAPictureError(f"The picture is damaged and cannot be read ({error}).") from error
    return load_image(picture)


def _check_size(width: int, height: int, limits: Limits) -> None:
    if width * height > limits.max_megapixels * 1e6:
        raise TooLargeError(
            f"The picture has {width} x {height} pixels, {width * height / 1e6:.0f} megapixels; at "
            f"most {limits.max_megapixels:g} are taken. Scale it down first."
        )
    if max(width, height) > limits.max_aspect * min(width, height):
        raise TooLargeError(
            f"The picture has {width} x {height} pixels; the long side may be at most "
            f"{limits.max_aspect:g} times the short one. Cut it first."
        )
    if min(width, height) < MIN_SIDE_PX:
        raise DataError(
            f"The picture has {width} x {height} pixels; each side needs at least {MIN_SIDE_PX}."
        )
