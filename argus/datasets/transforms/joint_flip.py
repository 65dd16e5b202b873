"""Mirror an image and every label map on it."""

from typing import Any

import cv2
import numpy as np
from mmcv.transforms import BaseTransform

from argus.datasets.transforms.joint_maps import transform_maps
from argus.registry import TRANSFORMS


def flip_maps(results: dict[str, Any]) -> None:
    """Swap left and right of the image and the label maps; normals point the other way along x.

    Args:
        results: See ``transform_maps``.
    """
    transform_maps(results, lambda array, is_label, fill: cv2.flip(array, 1))
    if results.get("gt_normals") is not None:
        # Subtracted, not negated, so that the zero vector keeps its sign.
        normals = results["gt_normals"]
        normals[..., 0] = 0 - normals[..., 0]


@TRANSFORMS.register_module()
class JointRandomFlip(BaseTransform):
    """Swap left and right with a probability.

    Args:
        prob: Probability.
    """

    def __init__(self, prob: float = 0.5) -> None:
        assert 0 <= prob <= 1, prob
        self.prob = prob

    def transform(self, results: dict[str, Any]) -> dict[str, Any]:
        """Flip or not; adds ``flip`` and ``flip_direction`` ("horizontal" or None)."""
        flip = bool(np.random.random_sample() < self.prob)
        if flip:
            flip_maps(results)
        results["flip"] = flip
        results["flip_direction"] = "horizontal" if flip else None
        return results

    def __repr__(self) -> str:
        return f"{type(self).__name__}(prob={self.prob})"
