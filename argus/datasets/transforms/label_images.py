"""Decode the pictures that hold labels, and compare their size with that of their picture."""

import contextlib
from collections.abc import Mapping
from typing import Any

import numpy as np
from PIL import Image, UnidentifiedImageError

from argus.datasets.transforms.colour_table import described, raise_if_transparent
from argus.datasets.transforms.netpbm import scaled_rgb, stated_maximum, stored_values
from argus.datasets.transforms.orientation import (
    TURNED,
    orientation_of,
    shown_pixels,
    shown_size,
)
from argus.datasets.transforms.reading import damaged, read_bytes
from argus.errors import DataError
from argus.files.foreign import raise_if_foreign
from argus.files.pictures import open_picture

# Pillow spreads grey of two and four bits over 0 to 255, also where the bits run backwards.
_SCALES = {"L;2": 85, "L;4": 17, "L;2R": 85, "L;4R": 17}
# It inverts these.
_WHITE_IS_0 = ("1;I", "1;IR", "L;I", "L;IR", "L;2I", "L;2IR", "L;4I", "L;4IR")
# Of several channels of 16 bits it keeps the upper 8.
_WIDE = ("LA;16B", "RGB;16B", "RGBA;16B")


def decode_label_map(content: bytes) -> np.ndarray:
    """Decode a label image to its integer labels, (H, W); a palette image to its indices.

    Raises:
        DataError: The bytes do not decode, declare too many pixels, or hold a colour image, or
            transparent pixels.
    """
    labels = decode_stored(content, name="label image")
    if _has_channels(labels):
        labels = _opaque(labels)
        if labels.shape[2] > 1:
            grey = ". It is grey: save it with one channel" if _is_grey(labels) else ""
            raise DataError(
                "expected a label image with one integer per pixel, found a colour picture of the "
                f"labels: {described(labels)}{grey}"
            )
        labels = labels[..., 0]
    return _integers(labels)


def decode_grey(content: bytes) -> np.ndarray:
    """Decode an image of grey values, (H, W); a palette image to its indices.

    As :func:`decode_label_map`, but three channels that are equal are one. Where values mean no
    classes, a picture of them is none of colours that stand for classes.

    Raises:
        DataError: As :func:`decode_label_map`.
    """
    values = decode_stored(content, name="label image")
    if _has_channels(values) and _is_grey(_opaque(values)):
        return _integers(values[..., 0])
    return decode_label_map(content)


def _has_channels(values: np.ndarray) -> bool:
    return values.ndim == 3 and values.dtype == np.uint8 and values.shape[2] in (2, 3, 4)


def _opaque(values: np.ndarray) -> np.ndarray:
    """The channels without alpha."""
    if values.shape[2] == 3:
        return values
    raise_if_transparent(values[..., -1])
    return values[..., :-1]


def _is_grey(values: np.ndarray) -> bool:
    return bool((values == values[..., :1]).all())


def _integers(labels: np.ndarray) -> np.ndarray:
    if labels.ndim != 2 or not (np.issubdtype(labels.dtype, np.integer) or labels.dtype == bool):
        raise DataError(
            f"expected a label image with one integer per pixel, found shape {labels.shape} of "
            f"{labels.dtype}"
        )
    return labels.astype(np.int64)


def decode_stored(content: bytes, *, name: str, upper_bits: bool = False) -> np.ndarray:
    """The values of an image as they are stored, without conversion, turned as it is shown.

    Args:
        content: The file's bytes.
        name: What it is called in messages.
        upper_bits: Whether the upper 8 of 16 bits a channel will do.

    Raises:
        DataError: The bytes do not decode, are another kind of file, declare too many pixels, say
            that 0 is white, have several channels of 16 bits, of which Pillow keeps the upper 8, or
            values above the largest that the file says it has.
    """
    raise_if_foreign(content)
    try:
        with open_picture(content) as image:
            raw_mode = _raw_mode(image)
            if raw_mode in _WHITE_IS_0:
                raise DataError(
                    f"a {image.format} in which 0 is white: whether its values or the shades that "
                    f"they show are meant, no file says. Save the {name} as PNG"
                )
            if raw_mode in _WIDE and not upper_bits:
                raise DataError(
                    f"a {name} with several channels of 16 bits: save it with 8 bits a channel, or "
                    "with one channel"
                )
            if stated_maximum(image) is not None:
                colours = scaled_rgb(image, content) if image.mode == "RGB" else None
                return stored_values(image, content) if colours is None else colours
            values = shown_pixels(image, content)
            scale = _SCALES.get(raw_mode, 1)
            return values // scale if scale > 1 else values
    except DataError:
        raise
    except Exception as error:  # noqa: BLE001 - Pillow raises many kinds for damaged bytes
        raise damaged(name, content, error) from error


def _raw_mode(image: Image.Image) -> str:
    """How the pixels of a picture that is not decoded yet are stored, in Pillow's words."""
    tiles = getattr(image, "tile", ())
    arguments = tiles[0].args if tiles else ""
    return str(arguments[0] if isinstance(arguments, tuple) and arguments else arguments)


def check_label_size(content: bytes, sample: Mapping[str, Any], *, name: str) -> None:
    """Raise for a label image of another size than its picture's, before it is decoded.

    Args:
        content: The file's bytes; what is no image is let through.
        sample: With ``ori_shape``, (height, width) of the picture in pixels; without it the number
            of pixels alone is looked at.
        name: What the image is called in messages.

    Raises:
        DataError: Its header declares another size, or too many pixels.
    """
    with contextlib.suppress(UnidentifiedImageError), open_picture(content) as image:
        size = shown_size(image, content)
        shape = sample.get("ori_shape")
        if shape is not None and size != (shape[1], shape[0]):
            raise DataError(
                f"the {name} is {size[0]}x{size[1]} (width x height), its image "
                f"{shape[1]}x{shape[0]}{_turned(sample, size)}"
            )


def _turned(sample: Mapping[str, Any], size: tuple[int, int]) -> str:
    """What to say if the sides of the picture are swapped, and it has an EXIF orientation."""
    if tuple(size) != tuple(sample["ori_shape"]):  # (height, width): the other way round
        return ""
    with contextlib.suppress(DataError, KeyError, UnidentifiedImageError):
        content = read_bytes(sample["img_path"])
        orientation = orientation_of(content)
        if orientation in TURNED:
            with open_picture(content) as picture:
                made = "shown" if shown_size(picture, content) == tuple(size) else "stored"
            return (
                f". The picture has the EXIF orientation {orientation}, and the label was made on "
                f"its pixels as they are {made}: set orientation={made!r} of LoadImage, which "
                "holds for the whole data set, or turn the pixels of the pictures and remove the "
                "tag"
            )
    return ""
