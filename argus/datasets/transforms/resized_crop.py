"""A random part of a picture, resized: cut and resized as Pillow does, decoded as far as needed.

Source: mmpretrain's ``RandomResizedCrop`` after mmcv's ``LoadImageFromFile``; the draws are its
own. Two things are changed. The resizing is PyTorch's, in whole numbers as Pillow's, whose values
it gives to one level of 255 in a tenth of the time. And the part is drawn before the picture is
decoded, from the size in its header: where a JPEG has at least twice the pixels that the result
needs, its decoder gives half, a quarter or an eighth of them (it leaves out the high frequencies
of its blocks). Pixels then differ a little from those of the whole picture resized, by 0.8 levels
of 255 on average of 40 photos; so it is for training alone, where parts are random anyway.
"""

import math
from typing import Any, Literal

import cv2
import numpy as np
import torch
from mmpretrain.datasets import RandomResizedCrop
from PIL import Image

from argus.datasets.transforms.loading import (
    LoadImage,
    Orientation,
    annotated_shape,
    decode_image,
    raise_if_truncated,
)
from argus.datasets.transforms.orientation import TURNED, UPRIGHT, orientation_of, turn
from argus.datasets.transforms.reading import read_bytes
from argus.errors import ConfigError, DataError
from argus.files.foreign import raise_if_foreign
from argus.files.pictures import check_declared_size, open_unchecked
from argus.registry import TRANSFORMS

Interpolation = Literal["bilinear", "bicubic"]

_JPEG = b"\xff\xd8"
_FLAGS = {
    8: cv2.IMREAD_REDUCED_COLOR_8,
    4: cv2.IMREAD_REDUCED_COLOR_4,
    2: cv2.IMREAD_REDUCED_COLOR_2,
}
_PILLOW = dict(bilinear=Image.Resampling.BILINEAR, bicubic=Image.Resampling.BICUBIC)

Box = tuple[int, int, int, int]
"""Top, left, height and width in pixels."""


@TRANSFORMS.register_module()
class LoadResizedCrop(LoadImage):
    """Load a random part of a picture: ``img`` BGR uint8 (height, width, 3).

    Stands in for ``LoadImage`` and mmpretrain's ``RandomResizedCrop`` with Pillow's resizing, one
    after the other; ``ori_shape`` is that of the picture.

    Args:
        scale: Side of the result, or its (height, width), in pixels.
        crop_ratio_range: Least and largest share of the picture's area.
        aspect_ratio_range: Least and largest width over height of the part.
        max_attempts: Draws before the middle is taken.
        interpolation: ``"bicubic"`` or ``"bilinear"``, smoothed where it makes smaller.
        reduce: Decode a JPEG at reduced size where the part has pixels to spare; ``False`` for the
            whole picture each time.
        orientation: As for ``LoadImage``.
        backend_args: Options of mmengine's file backend.

    Raises:
        ConfigError: An interpolation that is neither of these.
    """

    def __init__(
        self,
        *,
        scale: int | tuple[int, int],
        crop_ratio_range: tuple[float, float] = (0.08, 1.0),
        aspect_ratio_range: tuple[float, float] = (3 / 4, 4 / 3),
        max_attempts: int = 10,
        interpolation: Interpolation = "bicubic",
        reduce: bool = True,
        orientation: Orientation | None = None,
        backend_args: dict[str, Any] | None = None,
    ) -> None:
        super().__init__(orientation=orientation, backend_args=backend_args)
        if interpolation not in _PILLOW:
            raise ConfigError(
                "LoadResizedCrop.interpolation: expected 'bilinear' or 'bicubic', found "
                f"{interpolation!r}."
            )
        self.interpolation = interpolation
        self.reduce = reduce
        self._draw = RandomResizedCrop(scale, crop_ratio_range, aspect_ratio_range, max_attempts)
        height, width = self._draw.scale
        self.size = (int(height), int(width))

    def whole(self) -> LoadImage:
        """The loader of the whole picture."""
        return LoadImage(orientation=self.orientation, backend_args=self.backend_args)

    def transform(self, results: dict[str, Any]) -> dict[str, Any]:
        """Add the part to ``results``.

        Raises:
            DataError: As ``LoadImage``.
        """
        content, shape = b"", None
        if self.reduce and "img" not in results and annotated_shape(results) is None:
            content = read_bytes(results["img_path"], self.backend_args)
            shape = self._jpeg_shape(content)
        if shape is None:
            results = super().transform(results)
            image = results["img"]
            part = resized(image, self._box(image.shape[:2]), self.size, self.interpolation)
        else:
            try:
                part = self._part(content, self._box(shape))
            except DataError as error:
                raise DataError(f"{results['img_path']}: {error}") from error
            results["ori_shape"] = shape
        results["img"] = part
        results["img_shape"] = self.size
        return results

    def _box(self, shape: tuple[int, int]) -> Box:
        box: Box = self._draw.rand_crop_params(np.broadcast_to(np.uint8(0), shape))
        return box

    def _jpeg_shape(self, content: bytes) -> tuple[int, int] | None:
        """(height, width) of a JPEG as its pixels are wanted; ``None`` for any other file."""
        picture = open_unchecked(content) if content.startswith(_JPEG) else None
        if picture is None:
            return None
        width, height = picture.size
        return (width, height) if self._orientation(content) in TURNED else (height, width)

    def _orientation(self, content: bytes) -> int:
        return UPRIGHT if self.orientation == "stored" else orientation_of(content)

    def _part(self, content: bytes, box: Box) -> np.ndarray:
        shrink = min(box[2] / self.size[0], box[3] / self.size[1])
        factor = next((factor for factor in _FLAGS if factor <= shrink), 1)
        pixels = decode_reduced(content, factor) if factor > 1 else None
        if pixels is None:
            image = decode_image(content, as_stored=self.orientation == "stored")
            return resized(image, box, self.size, self.interpolation)
        # Cut out of what is stored, and only the result is turned.
        tag = self._orientation(content)
        height, width = self.size[::-1] if tag in TURNED else self.size
        y, x, h, w = (side / factor for side in stored_box(box, tag, self._jpeg_shape(content)))
        top, left = int(y), int(x)
        window = pixels[top : math.ceil(y + h), left : math.ceil(x + w)]
        area = (x - left, y - top, x - left + w, y - top + h)
        part = Image.fromarray(window).resize((width, height), _PILLOW[self.interpolation], area)
        return turn(np.array(part), tag)

    def __repr__(self) -> str:
        return f"LoadResizedCrop(scale={self.size}, reduce={self.reduce})"


def resized(
    image: np.ndarray, box: Box, size: tuple[int, int], interpolation: Interpolation
) -> np.ndarray:
    """A part of a picture (H, W, 3) uint8 at another (height, width), as Pillow resizes it."""
    top, left, height, width = box
    part = torch.from_numpy(image[top : top + height, left : left + width])
    found = torch.nn.functional.interpolate(
        part.permute(2, 0, 1)[None], size, mode=interpolation, antialias=True
    )
    return found[0].permute(1, 2, 0).numpy()


def decode_reduced(content: bytes, factor: int) -> np.ndarray | None:
    """A JPEG with one pixel for each ``factor`` x ``factor`` of the stored ones.

    Args:
        content: The file's bytes.
        factor: 2, 4 or 8.

    Returns:
        BGR uint8 (ceil(height / factor), ceil(width / factor), 3), not turned; ``None`` if OpenCV
        gives another number of pixels.

    Raises:
        DataError: The file is truncated, of another kind, or declares too many pixels.
    """
    raise_if_foreign(content)
    check_declared_size(content)
    raise_if_truncated(content)
    picture = open_unchecked(content)
    flags = _FLAGS[factor] | cv2.IMREAD_IGNORE_ORIENTATION
    pixels = cv2.imdecode(np.frombuffer(content, np.uint8), flags)
    if picture is None or pixels is None:
        return None
    expected = tuple(math.ceil(side / factor) for side in picture.size[::-1])
    return pixels if pixels.shape[:2] == expected else None


def stored_box(box: Box, orientation: int, shape: tuple[int, int] | None) -> Box:
    """Where a box of the picture as it is shown lies in its stored pixels.

    Args:
        box: In the picture as it is shown.
        orientation: The EXIF orientation, 1 to 8.
        shape: (height, width) of the picture as it is shown.
    """
    assert shape is not None
    top, left, height, width = box
    if orientation in (3, 4, 7, 8):
        top = shape[0] - top - height
    if orientation in (2, 3, 6, 7):
        left = shape[1] - left - width
    if orientation in TURNED:
        return left, top, width, height
    return top, left, height, width
