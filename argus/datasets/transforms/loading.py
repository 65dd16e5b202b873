"""Read an image as every OpenMMLab pipeline expects it, or say which file is bad and why.

mmcv's ``LoadImageFromFile`` (OpenCV) is the reference for good files, bit for bit. What it does
with bad ones is changed: a truncated JPEG, which most versions of OpenCV return half grey without
an error, a file that does not decode, and an image whose size is not the annotated one raise
``DataError``.
"""

import warnings
from pathlib import Path
from typing import Any, Literal

import cv2
import numpy as np
from mmcv.transforms import BaseTransform

from argus.datasets.transforms.netpbm import scaled_rgb
from argus.datasets.transforms.orientation import (
    UPRIGHT,
    orientation_of,
    shown_pixels,
    turn_opencv,
)
from argus.datasets.transforms.reading import damaged, read_bytes
from argus.errors import ConfigError, DataError
from argus.files.foreign import raise_if_foreign
from argus.files.pictures import check_declared_size, open_picture, open_unchecked
from argus.names.wording import counted
from argus.registry import TRANSFORMS

# How a complete file begins and ends. OpenCV itself refuses a PNG with a wrong checksum.
_COMPLETE = (
    (b"\xff\xd8", b"\xff\xd9"),  # JPEG: start and end of image
    (b"\x89PNG\r\n\x1a\n", b"IEND\xaeB`\x82"),  # PNG: signature and last chunk
)

_TIFF = (b"II*\0", b"MM\0*")

DIM = 2**12 - 1
"""The largest value of 12 bits, as X-ray and thermal cameras give them."""
DIM_TEXT = (
    f"a picture of 16 bits has no value above {DIM}, and is read as one of [0, 65535]: almost "
    "black. If its values have 10 or 12 bits, scale them."
)


Orientation = Literal["shown", "stored"]


def decode_image(content: bytes, *, as_stored: bool = False) -> np.ndarray:
    """Decode an encoded image to BGR uint8, (H, W, 3).

    As OpenCV's colour mode: grey is replicated, a palette is looked up, CMYK is converted, 16 bits
    become their upper 8, alpha is dropped (the stored colour stays, nothing is composited), and the
    EXIF orientation is applied, to a WebP as well. A warning tells of 16 bits of which 12 are used.
    Values of a PGM or PPM are scaled by the largest that its header states, as the format says.

    Args:
        content: The file's bytes.
        as_stored: Leave the pixels as they are stored, whatever the EXIF orientation.

    Raises:
        DataError: The bytes are empty, truncated, another kind of file, no image that OpenCV reads,
            declare more pixels than :func:`~argus.files.pictures.check_declared_size` lets through,
            or have 16 bits of which the upper 8 are empty.
    """
    raise_if_foreign(content)
    check_declared_size(content)
    scaled = _scaled(content)
    if scaled is not None:
        return scaled
    raise_if_truncated(content)
    flags = cv2.IMREAD_COLOR | (cv2.IMREAD_IGNORE_ORIENTATION if as_stored else 0)
    try:
        image = cv2.imdecode(np.frombuffer(content, np.uint8), flags)
    except cv2.error as error:  # e.g. a format that Pillow does not know, with too many pixels
        raise DataError(
            f"OpenCV refuses the image ({counted(len(content), 'byte')}): "
            f"{' '.join(error.err.split())}"
        ) from error
    if image is None:
        raise DataError(
            f"does not decode as an image ({counted(len(content), 'byte')}){_of_32_bits(content)}"
        )
    if image.max() <= DIM >> 8:
        _judge_16_bits(content)
    if content.startswith(_TIFF):
        straight = _straight_colours(content, as_stored=as_stored)
        if straight is not None:
            return straight
    return turn_opencv(image, content, as_stored=as_stored)


def _scaled(content: bytes) -> np.ndarray | None:
    """BGR of a PGM or PPM with a brightest value of its own; OpenCV scales the text ones alone.

    Returns:
        ``None`` for any other file.

    Raises:
        DataError: It is truncated, or has values above the largest that it states.
    """
    picture = open_unchecked(content)
    colours = None if picture is None else scaled_rgb(picture, content)
    return None if colours is None else np.ascontiguousarray(colours[..., ::-1])


def _straight_colours(content: bytes, *, as_stored: bool) -> np.ndarray | None:
    """BGR of a TIFF of 8 bits with transparent pixels, which OpenCV darkens by their alpha.

    Args:
        content: The file's bytes.
        as_stored: As for :func:`decode_image`.

    Returns:
        ``None`` for any other file.
    """
    picture = open_unchecked(content)
    if picture is None or picture.mode != "RGBA":
        return None
    pixels = np.asarray(picture) if as_stored else shown_pixels(picture, content)
    if (pixels[..., 3] == 255).all():
        return None
    return np.ascontiguousarray(pixels[..., 2::-1])


def _of_32_bits(content: bytes) -> str:
    """Why OpenCV reads no picture of a file that Pillow knows: TIFF holds any kind of number."""
    picture = open_unchecked(content)
    if picture is None or picture.mode not in ("I", "F"):
        return ""
    kind = "floating-point" if picture.mode == "F" else "32-bit"
    return f": its values are {kind} numbers; save it with 8 or 16 bits per value"


def _judge_16_bits(content: bytes) -> None:
    """Look at a picture that came out almost black: it may hold values of fewer bits than 16.

    Raises:
        DataError: Values of 8 bits: it is not black, but would become so.
    """
    stored = cv2.imdecode(np.frombuffer(content, np.uint8), cv2.IMREAD_UNCHANGED)
    if stored is None or stored.dtype != np.uint16:
        return
    colour = stored[..., :3] if stored.ndim == 3 else stored
    if 0 < colour.max() < 256:
        raise DataError(
            f"has 16 bits per value, but none above {colour.max()}: black in [0, 65535], as 16-bit "
            "pictures are read. Save it with 8 bits, or scale its values"
        )
    if colour.any():
        warnings.warn(DIM_TEXT, stacklevel=3)


def raise_if_truncated(content: bytes) -> None:
    """Raise for the damage that OpenCV forgives: missing data at the end.

    A JPEG or PNG that ends as it should is accepted without a second decoding; any other file is
    decoded strictly by Pillow first.

    Raises:
        DataError: The file is empty or damaged.
    """
    if not content:
        raise DataError("the file is empty (0 bytes)")
    for start, end in _COMPLETE:
        if content.startswith(start) and content.rstrip(b"\0\n").endswith(end):
            return
    try:
        # Pillow's own limit would call a large photo corrupt.
        with open_picture(content) as image:
            image.load()
    except Exception as error:  # noqa: BLE001 - Pillow raises many kinds for damaged bytes
        raise damaged("image", content, error) from error


def read_image(
    path: str | Path,
    annotated: tuple[int, int] | None = None,
    *,
    orientation: Orientation | None = None,
    backend_args: dict[str, Any] | None = None,
) -> np.ndarray:
    """Read an image file, in the orientation that its annotations were made in.

    Args:
        path: The file.
        annotated: (height, width) that the annotations say, ``None`` if they say nothing.
        orientation: Whether the pixels are read as they are shown or as they are stored; ``None``
            for shown, unless the stored pixels alone have the annotated size.
        backend_args: Options of mmengine's file backend.

    Returns:
        BGR uint8 (H, W, 3).

    Raises:
        DataError: The file is missing or damaged, or its size is not the annotated one.
    """
    content = read_bytes(path, backend_args)
    try:
        image = decode_image(content, as_stored=orientation == "stored")
        if annotated is None or image.shape[:2] == annotated:
            return image
        tag = orientation_of(content)
        if orientation is None and tag != UPRIGHT:
            stored = decode_image(content, as_stored=True)
            if stored.shape[:2] == annotated:
                return stored
    except DataError as error:
        raise DataError(f"{path}: {error}") from error
    turned = f" (read as it is {orientation or 'shown'}; its EXIF orientation is {tag})"
    raise DataError(
        f"{path}: the image is {image.shape[1]}x{image.shape[0]} (width x height)"
        f"{'' if tag == UPRIGHT else turned}, its annotation says {annotated[1]}x{annotated[0]}; "
        "boxes and masks would not fit. Was the image resized, or does the annotation file belong "
        "to another version of the set?"
    )


@TRANSFORMS.register_module()
class LoadImage(BaseTransform):
    """Load an image: ``img`` BGR (H, W, 3), ``img_shape`` and ``ori_shape`` as (height, width).

    Stands in for ``LoadImageFromFile`` of mmcv (mmdet, mmseg, mmpretrain) and ``LoadImage`` of
    mmpose: an image already in ``results['img']`` is kept.

    A picture is read as it is shown: the EXIF orientation is applied, as OpenMMLab does. Where the
    annotation says the size (``height``, ``width``), and the stored pixels alone have it, they are
    used: it was made on them. A size does not tell of a square picture, or of one that is mirrored
    or upside down; of those, and of label maps made on stored pixels, ``orientation`` does.

    Args:
        orientation: ``"shown"`` or ``"stored"``, what the labels of the whole data set were made
            on; ``None`` for shown, with the exception above.
        to_float32: Return float32 in [0, 255] instead of uint8.
        backend_args: Options of mmengine's file backend.
    """

    def __init__(
        self,
        *,
        orientation: Orientation | None = None,
        to_float32: bool = False,
        backend_args: dict[str, Any] | None = None,
    ) -> None:
        if orientation not in (None, "shown", "stored"):
            raise ConfigError(
                f"LoadImage.orientation: expected 'shown', 'stored' or None, found {orientation!r}."
            )
        self.orientation = orientation
        self.to_float32 = to_float32
        self.backend_args = backend_args

    def whole(self) -> "LoadImage":
        """The loader that gives the same picture, all of it."""
        return self

    def transform(self, results: dict[str, Any]) -> dict[str, Any]:
        """Add the image to ``results``.

        Raises:
            DataError: The file is missing or damaged, or its size is not the annotated one.
        """
        if "img" in results:
            image = results["img"]
            results.setdefault("img_path", None)
        else:
            annotated = annotated_shape(results)
            image = read_image(
                results["img_path"],
                annotated,
                orientation=self.orientation,
                backend_args=self.backend_args,
            )
        if self.to_float32:
            image = image.astype(np.float32)
        results["img"] = image
        results["img_shape"] = image.shape[:2]
        results["ori_shape"] = image.shape[:2]
        return results

    def __repr__(self) -> str:
        name = type(self).__name__
        return f"{name}(orientation={self.orientation}, to_float32={self.to_float32})"


def annotated_shape(results: dict[str, Any]) -> tuple[int, int] | None:
    """The (height, width) an annotation file states, where it does."""
    if "height" in results and "width" in results:
        return int(results["height"]), int(results["width"])
    return None
