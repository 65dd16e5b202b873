"""How a picture becomes what a model takes: resize, crop, normalisation; said in one line.

Two models compared with different preparations are not compared, and one that is given another than
it was trained with is some points worse without a word. So it is read from the model's own files,
and every table states it. The resize is Pillow's; ``transformers`` and torchvision have one more,
on tensors, which rounds otherwise.
"""

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from PIL import Image
from torch import Tensor

from argus.errors import CheckpointError, DataError

RESAMPLING = {
    "nearest": Image.Resampling.NEAREST,
    "bilinear": Image.Resampling.BILINEAR,
    "bicubic": Image.Resampling.BICUBIC,
    "lanczos": Image.Resampling.LANCZOS,
}
NO_TEXTS = "none"
_MAX_SIDE = 4096
_MAX_RATIO = 200


@dataclass(frozen=True, kw_only=True)
class Preparation:
    """What is done to pictures and texts before a model.

    Args:
        size: Height and width that the model takes, pixels.
        resize: ``whole`` squeezes the picture to a shape, ``crop`` keeps its shape; what is beyond
            ``size`` afterwards is cut off evenly on both sides.
        scale: Height and width, or of ``crop`` the shorter side twice, after the resize.
        interpolation: Of ``RESAMPLING``, of Pillow.
        mean: Of R, G, B in [0, 1].
        std: Deviation of R, G, B in [0, 1].
        text: Form and padding of texts.
        rounds_half_to_even: Where an odd number of rows is cut off, whether the half row is rounded
            as by torchvision's crop; off, as by that of ``transformers``.
        source: Who says so, if it is not a file of the model.

    Raises:
        CheckpointError: If a size or a number is none that pictures can be prepared with.
    """

    size: tuple[int, int]
    scale: tuple[int, int]
    resize: str
    interpolation: str
    mean: tuple[float, ...]
    std: tuple[float, ...]
    text: str = NO_TEXTS
    rounds_half_to_even: bool = False
    source: str | None = None

    def __post_init__(self) -> None:
        assert self.resize in ("whole", "crop") and self.interpolation in RESAMPLING
        sides = (*self.size, *self.scale)
        if not all(isinstance(side, int) and 1 <= side <= _MAX_SIDE for side in sides):
            raise CheckpointError(
                f"preparation of pictures: expected heights and widths from 1 to {_MAX_SIDE:,} "
                f"pixels, found {self.size} after {self.scale}."
            )
        numbers = (*self.mean, *self.std)
        is_each = len(self.mean) == len(self.std) and len(self.mean) in (1, 3)
        if not is_each or not all(map(math.isfinite, numbers)) or 0 in self.std:
            raise CheckpointError(
                "preparation of pictures: expected a mean and a deviation of R, G and B, found "
                f"{self.mean} and {self.std}."
            )
        assert all(a >= b for a, b in zip(self.scale, self.size, strict=True))

    def __str__(self) -> str:
        """One line for a table."""
        height, width = self.size
        if self.resize == "crop":
            way = f"short side to {self.scale[0]}, centre crop {height} x {width}"
        elif self.scale == self.size:
            way = f"whole picture to {height} x {width}"
        else:
            way = f"whole picture to {self.scale[0]} x {self.scale[1]}, "
            way += f"centre crop {height} x {width}"
        parts = [f"{way}, {self.interpolation} (Pillow)"]
        parts += [f"{name} {_numbers(of)}" for name, of in (("mean", self.mean), ("std", self.std))]
        parts.append(f"texts: {self.text}")
        return "; ".join(parts) + (f" ({self.source})" if self.source else "")

    def pixels(self, picture: Image.Image, size: tuple[int, int] | None = None) -> Tensor:
        """(3, H, W) uint8 RGB of a picture.

        Args:
            picture: Upright, of any mode.
            size: Height and width that the whole picture is squeezed to, instead of the resize and
                crop of the model.

        Raises:
            DataError: If it is a line, of which a crop would need too much memory.
        """
        picture = picture.convert("RGB")
        if size is None:
            picture = self._cropped(picture.resize(self._scaled(picture), self._resampling))
        else:
            picture = picture.resize((size[1], size[0]), self._resampling)
        return torch.from_numpy(np.array(picture)).permute(2, 0, 1)

    def normalised(self, pixels: Tensor) -> Tensor:
        """(..., 3, H, W) uint8 to float32 with the mean and deviation that the model knows."""
        mean, std = (pixels.new_tensor(v, dtype=torch.float32) for v in (self.mean, self.std))
        return (pixels.float() / 255.0 - mean[:, None, None]) / std[:, None, None]

    @property
    def _resampling(self) -> Image.Resampling:
        return RESAMPLING[self.interpolation]

    def _scaled(self, picture: Image.Image) -> tuple[int, int]:
        """Width and height after the resize."""
        if self.resize == "whole":
            return self.scale[1], self.scale[0]
        short, width, height = self.scale[0], picture.width, picture.height
        if max(width, height) > _MAX_RATIO * min(width, height):
            raise DataError(
                f"a picture of {height} x {width} (H, W) is too narrow: with its shorter side at "
                f"{short} pixels it would take {_MAX_RATIO} times as much memory as a square."
            )
        if width <= height:
            return short, int(short * height / width)
        return int(short * width / height), short

    def _cropped(self, picture: Image.Image) -> Image.Image:
        height, width = self.size
        if picture.size == (width, height):
            return picture
        left, top = (self._half(picture.width - width), self._half(picture.height - height))
        return picture.crop((left, top, left + width, top + height))

    def _half(self, number: int) -> int:
        return round(number / 2) if self.rounds_half_to_even else number // 2


def of_processor(processor: Any, *, text: str, source: str | None = None) -> Preparation:
    """What an image processor of ``transformers`` does.

    Args:
        processor: An ``ImageProcessor`` of SigLIP, CLIP, DINOv2 (Bit) or DINOv3.
        text: Form of texts.
        source: Who says so, if it is not a file of the model.

    Raises:
        CheckpointError: If it does something that is not known here.
    """
    size = processor.size
    short, height, width = (size.get(key) for key in ("shortest_edge", "height", "width"))
    scale = (short, short) if short else (height, width)
    crops = bool(getattr(processor, "do_center_crop", False))
    crop = processor.crop_size if crops else None
    target = (crop["height"], crop["width"]) if crop else scale
    name = _interpolation(processor.resample)
    problems = [
        f"{key} = {getattr(processor, key)}"
        for key in ("do_resize", "do_rescale", "do_normalize")
        if not getattr(processor, key)
    ]
    if None in scale or size.get("longest_edge"):
        problems.append(f"size = {dict(size)}")
    elif short and not crop:
        problems.append(f"size = {dict(size)} without a crop")
    elif not all(isinstance(side, int) for side in (*scale, *target)):
        problems.append(f"size = {dict(size)}, crop_size = {crop}")
    elif target[0] > scale[0] or target[1] > scale[1]:
        problems.append(f"crop_size = {target} larger than size = {scale}")
    if name not in RESAMPLING:
        problems.append(f"resample = {processor.resample}")
    if problems:
        raise CheckpointError(
            f"{type(processor).__name__}: {'; '.join(problems)}: expected a resize, then a crop or "
            "none, then a normalisation. Correct preprocessor_config.json beside the model."
        )
    return Preparation(
        size=target,
        scale=scale,
        resize="crop" if short else "whole",
        interpolation=name,
        mean=tuple(processor.image_mean),
        std=tuple(processor.image_std),
        text=text,
        source=source,
    )


def _interpolation(resample: Any) -> str:
    """Name of a number of Pillow's, or of a member of torchvision's ``InterpolationMode``."""
    value = getattr(resample, "value", resample)
    if isinstance(value, int):
        return Image.Resampling(value).name.lower()
    return str(value).lower()


def _numbers(values: tuple[float, ...]) -> str:
    distinct = values[:1] if len(set(values)) == 1 else values
    return " ".join(f"{value:.3f}".rstrip("0") for value in distinct)
