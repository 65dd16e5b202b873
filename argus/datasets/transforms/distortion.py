"""Brightness, contrast, saturation and hue as mmseg changes them, value by value from a table.

A picture of 8 bits has 256 values, so that what mmseg computes for each pixel in float32 is
computed for each value here. Pixels are the same, bit for bit, and so are the draws.
"""

import cv2
import mmcv
import numpy as np
from mmseg.datasets.transforms import PhotoMetricDistortion as StockDistortion

from argus.registry import TRANSFORMS

_VALUES = np.arange(256, dtype=np.uint8)


@TRANSFORMS.register_module()
class PhotoMetricDistortion(StockDistortion):
    """Change the colours of a picture; arguments and results as mmseg's class of this name."""

    def convert(self, img: np.ndarray, alpha: float = 1, beta: float = 0) -> np.ndarray:
        """``alpha * img + beta`` within [0, 255], as uint8."""
        if img.dtype != np.uint8:
            return np.asarray(super().convert(img, alpha, beta))
        # A channel of a picture is a part of it, which OpenCV takes as a whole alone.
        table = super().convert(_VALUES, alpha, beta)
        return cv2.LUT(np.ascontiguousarray(img), table)

    def hue(self, img: np.ndarray) -> np.ndarray:
        """Turn the hue in one of two cases, in steps of 2 degrees."""
        if img.dtype != np.uint8:
            return np.asarray(super().hue(img))
        if not np.random.randint(2):
            return img
        turned = (_VALUES.astype(int) + np.random.randint(-self.hue_delta, self.hue_delta)) % 180
        colours = mmcv.bgr2hsv(img)
        colours[..., 0] = cv2.LUT(np.ascontiguousarray(colours[..., 0]), turned.astype(np.uint8))
        return np.asarray(mmcv.hsv2bgr(colours))
