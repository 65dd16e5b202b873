"""Boxes and masks of objects from mmdet's annotations to its data samples, at the least cost.

Values are those of mmdet's ``LoadAnnotations`` and ``PackDetInputs``, bit for bit.
"""

from typing import Any

import cv2
import numpy as np
import torch
from mmdet.datasets.transforms import LoadAnnotations, PackDetInputs

from argus.datasets.transforms.deferred_masks import DeferredMasks
from argus.registry import TRANSFORMS


@TRANSFORMS.register_module()
class LoadInstances(LoadAnnotations):
    """Load boxes, labels and masks; arguments and results as mmdet's ``LoadAnnotations``.

    Masks are ``DeferredMasks``: drawn once, and only those that the pipeline leaves. With
    ``poly2mask=False`` they are mmdet's polygons.
    """

    def _load_masks(self, results: dict[str, Any]) -> None:
        if not self.poly2mask:
            super()._load_masks(results)
            return
        height, width = results["ori_shape"]
        masks = self._process_masks(results)
        results["gt_masks"] = DeferredMasks.of_file(masks, height, width)


@TRANSFORMS.register_module()
class PackInstances(PackDetInputs):
    """Pack picture and labels; arguments and results as mmdet's ``PackDetInputs``.

    Masks that are not drawn yet are drawn here, where an error names the file.
    """

    def transform(self, results: dict[str, Any]) -> dict[str, Any]:
        """Return ``inputs``, (3, H, W) uint8 BGR, and ``data_samples``."""
        masks = results.get("gt_masks")
        if isinstance(masks, DeferredMasks):
            masks.draw()
        image = results.get("img")
        if image is None or image.ndim != 3:
            return dict(super().transform(results))
        packed = super().transform({key: results[key] for key in results if key != "img"})
        return dict(inputs=channels_first(image), data_samples=packed["data_samples"])


def channels_first(image: np.ndarray) -> torch.Tensor:
    """A picture (H, W, C), which may be a part of a larger one, as a tensor (C, H, W)."""
    height, width, channels = image.shape
    planes = np.empty((channels, height, width), image.dtype)
    if channels == 1 or 0 in image.shape:
        planes[:] = image.transpose(2, 0, 1)
    else:
        cv2.split(image, list(planes))  # four times as fast as to transpose
    return torch.from_numpy(planes)
