"""The values of a PGM or PPM, text (P2, P3) or binary (P5, P6), as they are in the file.

Its header says which value is the brightest. Pillow scales by it with a rounding, OpenCV does not
where the file is binary, and values above it are cut by one and kept by the other.

Source: the formats' own pages, https://netpbm.sourceforge.net/doc/pgm.html.
"""

import re
import warnings

import numpy as np
from PIL import Image

from argus.errors import DataError
from argus.names.wording import counted

_PLAIN, _BINARY = "ppm_plain", "ppm"
_COMMENT = re.compile(rb"#[^\n\r]*")


def stated_maximum(picture: Image.Image) -> int | None:
    """What the header of a picture says is its largest value; ``None`` if no decoder scales it.

    Args:
        picture: Of Pillow, not decoded yet.
    """
    tiles = getattr(picture, "tile", ())
    if not tiles or tiles[0].codec_name not in (_PLAIN, _BINARY) or picture.mode == "1":
        return None
    return int(tiles[0].args[-1])


def stored_values(picture: Image.Image, content: bytes) -> np.ndarray:
    """The values of a picture with a :func:`stated_maximum`: (H, W), or (H, W, 3) in RGB.

    Args:
        picture: Of Pillow, not decoded yet.
        content: The file's bytes.

    Raises:
        DataError: It ends too early, holds what is no number, or values above the maximum.
    """
    maximum = stated_maximum(picture)
    assert maximum is not None
    codec, _, offset, _ = picture.tile[0]  # type: ignore[attr-defined]
    shape = (picture.height, picture.width, *[3] * (picture.mode == "RGB"))
    number = int(np.prod(shape))
    if codec == _PLAIN:
        values = _numbers(content[offset:])[:number]
    else:
        kind = np.dtype(np.uint8 if maximum < 256 else ">u2")
        number_there = (len(content) - offset) // kind.itemsize
        values = np.frombuffer(content, kind, min(number, number_there), offset)
    if len(values) < number:
        raise DataError(
            f"a truncated {_name(shape)}: {len(values):,} of {counted(number, 'value')}"
        )
    above = values[values > maximum]
    if above.size:
        raise DataError(
            f"a {_name(shape)} whose header says that its largest value is {maximum}, with "
            f"{counted(above.size, 'value')} above it, up to {above.max()}: which are meant? Save "
            "it as PNG"
        )
    return values.astype(np.int32).reshape(shape)


def scaled_rgb(picture: Image.Image, content: bytes) -> np.ndarray | None:
    """The colours of a picture, (H, W, 3) uint8, its maximum being 255; ``None`` of other formats.

    Args:
        picture: Of Pillow, not decoded yet.
        content: The file's bytes.

    Raises:
        DataError: As :func:`stored_values`.
    """
    maximum = stated_maximum(picture)
    if maximum is None:
        return None
    values = stored_values(picture, content).astype(np.int64)
    scaled = ((values * 510 + maximum) // (2 * maximum)).astype(np.uint8)
    return scaled if scaled.ndim == 3 else np.repeat(scaled[..., None], 3, axis=-1)


def _name(shape: tuple[int, ...]) -> str:
    return "PPM" if len(shape) == 3 else "PGM"


def _numbers(text: bytes) -> np.ndarray:
    text = _COMMENT.sub(b" ", text).strip()
    if not text:
        return np.empty(0, np.int64)
    with warnings.catch_warnings():
        warnings.simplefilter("error", DeprecationWarning)  # NumPy's, for what is no number
        try:
            # Not told how many, since it makes some up where they are fewer.
            values = np.fromstring(text, np.int64, sep=" ")
        except (DeprecationWarning, ValueError) as error:
            raise DataError("a damaged text picture: it holds what is no whole number") from error
    if (values < 0).any():
        raise DataError(f"a damaged text picture: it holds the value {values.min()}")
    return values
