"""Turn an image and every label map on it."""

import math
from typing import Any

import cv2
import numpy as np
from mmcv.transforms import BaseTransform

from argus.datasets.transforms.joint_maps import transform_maps
from argus.registry import TRANSFORMS


def rotate_maps(results: dict[str, Any], degrees: float) -> None:
    """Turn the image and the label maps counter-clockwise about their centre; the size stays.

    Corners that come from outside are filled: unknown in the labels, mean colour in the image.
    Normals turn with the picture, as if the camera had been rolled.

    Args:
        results: See ``transform_maps``.
        degrees: Angle, counter-clockwise as seen.
    """
    height, width = results["img"].shape[:2]
    matrix = cv2.getRotationMatrix2D(((width - 1) / 2, (height - 1) / 2), degrees, 1.0)

    def rotate(array: np.ndarray, is_label: bool, fill: Any) -> np.ndarray:
        return cv2.warpAffine(
            array,
            matrix,
            (width, height),
            flags=cv2.INTER_NEAREST if is_label else cv2.INTER_LINEAR,
            borderMode=cv2.BORDER_CONSTANT,
            borderValue=(fill,) * 4 if is_label else fill,
        )

    transform_maps(results, rotate)
    normals = results.get("gt_normals")
    if normals is not None:
        cos, sin = math.cos(math.radians(degrees)), math.sin(math.radians(degrees))
        x, y = normals[..., 0].copy(), normals[..., 1].copy()
        normals[..., 0] = cos * x - sin * y
        normals[..., 1] = sin * x + cos * y


@TRANSFORMS.register_module()
class JointRandomRotate(BaseTransform):
    """Turn by an angle drawn evenly, with a probability.

    Args:
        degrees: Greatest angle to either side.
        prob: Probability.
    """

    def __init__(self, degrees: float, *, prob: float = 0.5) -> None:
        assert degrees >= 0 and 0 <= prob <= 1, (degrees, prob)
        self.degrees = degrees
        self.prob = prob

    def transform(self, results: dict[str, Any]) -> dict[str, Any]:
        """Rotate or not."""
        if np.random.random_sample() < self.prob:
            rotate_maps(results, np.random.uniform(-self.degrees, self.degrees))
        return results

    def __repr__(self) -> str:
        return f"{type(self).__name__}(degrees={self.degrees}, prob={self.prob})"
