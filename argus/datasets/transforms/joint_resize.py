"""Resize an image and every label map on it.

Both are sampled on the same grid, with pixels as areas: the centre of pixel i lies at i + 0.5, in
the image (bilinear) and in the labels (nearest). mmcv's nearest sampling has the corner of a pixel
as its place, and shifts labels against the image by up to half a pixel.
"""

from collections.abc import Sequence
from typing import Any

import cv2
import mmcv
import numpy as np
from mmcv.transforms import BaseTransform

from argus.datasets.transforms.joint_maps import transform_maps
from argus.errors import ConfigError
from argus.registry import TRANSFORMS


def resize_maps(results: dict[str, Any], size: tuple[int, int]) -> None:
    """Resize the image and the label maps of ``results``; update ``scale_factor``.

    Args:
        results: See ``transform_maps``.
        size: New (width, height).
    """
    height, width = results["img"].shape[:2]

    def resize(array: np.ndarray, is_label: bool, fill: Any) -> np.ndarray:
        interpolation = cv2.INTER_NEAREST_EXACT if is_label else cv2.INTER_LINEAR
        return cv2.resize(array, size, interpolation=interpolation)

    transform_maps(results, resize)
    before = results.get("scale_factor", (1.0, 1.0))
    results["scale_factor"] = (before[0] * size[0] / width, before[1] * size[1] / height)


@TRANSFORMS.register_module()
class JointResize(BaseTransform):
    """Resize to a size that the options and the size of the image give, the same in every draw.

    Depth stays as it is: in metres of the scene, whatever the size of the picture. In evaluation
    pipelines labels are loaded after this and keep the original size.

    With ``scale`` it serves as ``resize_type`` of mmcv's ``RandomChoiceResize``, which sets
    ``scale`` anew for every image.

    Args:
        scale: (width, height) in pixels. With ``keep_ratio`` the largest size within, the longer
            side of the image along the longer of ``scale``, as mmcv's ``Resize``.
        keep_ratio: Keep the shape of the image.
        short_side: New length of the shorter side, pixels.
        max_long_side: Upper bound of the longer side for ``short_side``, pixels.
        multiple: Round both sides to the nearest multiple of this, at least one multiple; the shape
            then changes a little.

    Raises:
        ConfigError: The options contradict each other, or there is none.
    """

    def __init__(
        self,
        scale: Sequence[int] | None = None,
        *,
        keep_ratio: bool = False,
        short_side: int | None = None,
        max_long_side: int | None = None,
        multiple: int | None = None,
    ) -> None:
        if scale is not None and short_side is not None:
            raise ConfigError("JointResize: set one of scale and short_side, found both.")
        if scale is None and short_side is None and multiple is None:
            raise ConfigError("JointResize: set scale, short_side or multiple.")
        if max_long_side is not None and short_side is None:
            raise ConfigError("JointResize: max_long_side goes with short_side, which is not set.")
        if scale is not None:
            check_scale("JointResize", scale)
        self.scale = None if scale is None else (scale[0], scale[1])
        self.keep_ratio = keep_ratio
        self.short_side = short_side
        self.max_long_side = max_long_side
        self.multiple = multiple

    def transform(self, results: dict[str, Any]) -> dict[str, Any]:
        """Resize; adds ``scale_factor`` (width, height) and updates ``img_shape``."""
        height, width = results["img"].shape[:2]
        resize_maps(results, self.new_size(width, height))
        results["keep_ratio"] = self.keep_ratio or self.scale is None
        return results

    def new_size(self, width: int, height: int) -> tuple[int, int]:
        """The (width, height) that an image of this size gets."""
        size = (width, height)
        if self.scale is not None:
            size = mmcv.rescale_size(size, self.scale) if self.keep_ratio else self.scale
        elif self.short_side is not None:
            factor = self.short_side / min(size)
            if self.max_long_side is not None:
                factor = min(factor, self.max_long_side / max(size))
            size = mmcv.rescale_size(size, factor)
        if self.multiple is not None:
            step = self.multiple
            size = (max(round(size[0] / step), 1) * step, max(round(size[1] / step), 1) * step)
        return size

    def __repr__(self) -> str:
        return (
            f"{type(self).__name__}(scale={self.scale}, keep_ratio={self.keep_ratio}, "
            f"short_side={self.short_side}, max_long_side={self.max_long_side}, "
            f"multiple={self.multiple})"
        )


@TRANSFORMS.register_module()
class JointRandomResize(BaseTransform):
    """Zoom by a factor drawn evenly from a range.

    Args:
        ratio_range: (least, greatest) factor.
        scale: (width, height) in pixels that the factor applies to, as mmcv's ``RandomResize``;
            ``None`` for the image's own size.
        keep_ratio: Keep the shape of the image; see ``JointResize``.
        divide_depth: Divide depth by the zoom: an object seen twice as large is taken to be at half
            the distance (the camera stays the same one). The protocol of ATRC (Bruggemann et al.,
            ICCV 2021) and InvPT (Ye and Xu, ECCV 2022). The zoom is against the loaded image, so
            it includes that of ``scale``.

    Raises:
        ConfigError: ``ratio_range`` is no range of positive numbers, or ``divide_depth`` without
            ``keep_ratio``, where there is not one zoom.
    """

    def __init__(
        self,
        ratio_range: Sequence[float],
        *,
        scale: Sequence[int] | None = None,
        keep_ratio: bool = True,
        divide_depth: bool = False,
    ) -> None:
        if len(ratio_range) != 2 or not 0 < ratio_range[0] <= ratio_range[1]:
            raise ConfigError(
                f"JointRandomResize.ratio_range={ratio_range}: expected (least, greatest) > 0."
            )
        if scale is not None:
            check_scale("JointRandomResize", scale)
        if divide_depth and scale is not None and not keep_ratio:
            raise ConfigError(
                "JointRandomResize: divide_depth needs keep_ratio=True; width and height would be "
                "zoomed differently."
            )
        self.ratio_range = (ratio_range[0], ratio_range[1])
        self.scale = None if scale is None else (scale[0], scale[1])
        self.keep_ratio = keep_ratio
        self.divide_depth = divide_depth

    def transform(self, results: dict[str, Any]) -> dict[str, Any]:
        """Resize; adds ``scale_factor`` (width, height) and updates ``img_shape``."""
        height, width = results["img"].shape[:2]
        least, greatest = self.ratio_range
        ratio = np.random.random_sample() * (greatest - least) + least
        if self.scale is None:
            size, zoom = mmcv.rescale_size((width, height), ratio, return_scale=True)
        else:
            target = (int(self.scale[0] * ratio), int(self.scale[1] * ratio))
            size, zoom = mmcv.rescale_size((width, height), target, return_scale=True)
            if not self.keep_ratio:
                size = target
        size = (max(size[0], 1), max(size[1], 1))
        resize_maps(results, size)
        if self.divide_depth and results.get("gt_depth") is not None:
            results["gt_depth"] = results["gt_depth"] / np.float32(zoom)
        results["keep_ratio"] = self.keep_ratio
        return results

    def __repr__(self) -> str:
        return (
            f"{type(self).__name__}(ratio_range={self.ratio_range}, scale={self.scale}, "
            f"keep_ratio={self.keep_ratio}, divide_depth={self.divide_depth})"
        )


def check_scale(name: str, scale: Sequence[int]) -> None:
    """Raise ConfigError for a scale that is not (width, height)."""
    if not isinstance(scale, Sequence) or len(scale) != 2 or min(scale) < 1:
        raise ConfigError(f"{name}.scale={scale}: expected (width, height) in pixels.")
