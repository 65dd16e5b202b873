"""Cut the same part out of an image and every label map on it."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from mmcv.transforms import BaseTransform

from argus.datasets.transforms.joint_maps import transform_maps
from argus.datasets.transforms.labels import IGNORE
from argus.errors import ConfigError, DataError
from argus.registry import TRANSFORMS

Box = tuple[int, int, int, int]  # top, bottom, left, right; the ends lie just past the last pixel


def crop_maps(results: dict[str, Any], box: Box) -> None:
    """Crop the image and the label maps of ``results``; fill what lies below and right of them.

    Args:
        results: See ``transform_maps``.
        box: Rows and columns; the upper left corner lies in the image.
    """
    top, bottom, left, right = box

    def crop(array: np.ndarray, is_label: bool, fill: Any) -> np.ndarray:
        part = array[top:bottom, left:right]
        height, width = part.shape[:2]
        if (height, width) == (bottom - top, right - left):
            return part
        padded = np.empty((bottom - top, right - left, *array.shape[2:]), array.dtype)
        padded[...] = fill
        padded[:height, :width] = part
        return padded

    transform_maps(results, crop)


@TRANSFORMS.register_module()
class JointCrop(BaseTransform):
    """Cut out a fixed box.

    For NYUv2's depth ``rows=(45, 472), cols=(43, 608)``: what the projected depth maps cover.
    Labels loaded afterwards would have the size of the whole image; not for evaluation.

    Args:
        rows: (first, end); the end is not included.
        cols: (first, end).

    Raises:
        ConfigError: A box without pixels.
    """

    def __init__(self, *, rows: Sequence[int], cols: Sequence[int]) -> None:
        for name, ends in (("rows", rows), ("cols", cols)):
            if len(ends) != 2 or not 0 <= ends[0] < ends[1]:
                raise ConfigError(f"JointCrop.{name}={ends}: expected (first, end), first < end.")
        self.box: Box = (rows[0], rows[1], cols[0], cols[1])

    def transform(self, results: dict[str, Any]) -> dict[str, Any]:
        """Crop.

        Raises:
            DataError: The image is smaller than the box.
        """
        height, width = results["img"].shape[:2]
        _, bottom, _, right = self.box
        if height < bottom or width < right:
            raise DataError(
                f"{results.get('img_path')}: the image is {width}x{height} (width x height), the "
                f"crop needs {right}x{bottom} at least"
            )
        crop_maps(results, self.box)
        return results

    def __repr__(self) -> str:
        return f"{type(self).__name__}(rows={self.box[:2]}, cols={self.box[2:]})"


@TRANSFORMS.register_module()
class JointRandomCrop(BaseTransform):
    """Cut out a box of a fixed size at a place drawn evenly.

    An image that is smaller is filled up below and on the right: with the mean colour, labels with
    their value for "unknown". So the result always has this size.

    Args:
        size: (height, width), pixels.
        cat_max_ratio: Draw again, up to ten times, while one class covers this share or more of the
            pixels of ``gt_seg_map`` that are not ignored, as mmseg's ``RandomCrop``. Images without
            a label map are cropped at the first draw. ``None`` for no bound.
        ignore_index: Label that counts for no class.

    Raises:
        ConfigError: ``size`` is not (height, width), or ``cat_max_ratio`` no share.
    """

    _max_draws = 10

    def __init__(
        self,
        size: Sequence[int],
        *,
        cat_max_ratio: float | None = None,
        ignore_index: int = IGNORE,
    ) -> None:
        if not isinstance(size, Sequence) or len(size) != 2 or min(size) < 1:
            raise ConfigError(f"JointRandomCrop.size={size}: expected (height, width) in pixels.")
        if cat_max_ratio is not None and not 0 < cat_max_ratio <= 1:
            raise ConfigError(
                f"JointRandomCrop.cat_max_ratio={cat_max_ratio}: expected a share in (0, 1]."
            )
        self.size = (size[0], size[1])
        self.cat_max_ratio = cat_max_ratio
        self.ignore_index = ignore_index

    def transform(self, results: dict[str, Any]) -> dict[str, Any]:
        """Crop."""
        shape = results["img"].shape
        box = self._draw(shape)
        labels = results.get("gt_seg_map")
        if self.cat_max_ratio is not None and labels is not None:
            for _ in range(self._max_draws):
                if self._is_mixed(labels[box[0] : box[1], box[2] : box[3]]):
                    break
                box = self._draw(shape)
        crop_maps(results, box)
        return results

    def _draw(self, shape: tuple[int, ...]) -> Box:
        height, width = self.size
        top = np.random.randint(0, max(shape[0] - height, 0) + 1)
        left = np.random.randint(0, max(shape[1] - width, 0) + 1)
        return top, top + height, left, left + width

    def _is_mixed(self, labels: np.ndarray) -> bool:
        """Whether no class covers too much."""
        assert self.cat_max_ratio is not None
        counts = np.bincount(labels[labels != self.ignore_index])
        return np.count_nonzero(counts) > 1 and bool(
            counts.max() < self.cat_max_ratio * counts.sum()
        )

    def __repr__(self) -> str:
        return f"{type(self).__name__}(size={self.size}, cat_max_ratio={self.cat_max_ratio})"
