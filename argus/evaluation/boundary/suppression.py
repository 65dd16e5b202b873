"""Non-maximum suppression of a boundary map across the direction of its ridges.

As in the Structured Edges toolbox (Dollar and Zitnick, https://arxiv.org/abs/1406.5549) and
SEISM, which the published boundary numbers of NYUv2 and PASCAL-Context come from: orientation from
second derivatives of the smoothed map, comparison with the two interpolated values one pixel away.
"""

import cv2
import numpy as np

SMOOTHING_RADIUS = 4
CONSERVATIVE = 1.01  # a pixel yields only to a neighbour that is more than 1 % stronger


def ridges(strength: np.ndarray, candidates: np.ndarray) -> np.ndarray:
    """The candidates that no stronger pixel lies beside, across the boundary.

    Plateaus stay: a binary map passes unchanged. So do faint flanks of diagonal ridges, where the
    toolbox's formula turns the direction by 90 degrees as the curvature changes sign; thinning
    removes most of them, and published numbers contain the rest.

    Args:
        strength: (H, W) float32 of at least 2 x 2, not negative.
        candidates: (H, W) bool, the pixels of interest.

    Returns:
        (H, W) bool.
    """
    height, width = strength.shape
    normal = _normals(_smooth(strength))
    y, x = np.nonzero(candidates)
    angle = normal[y, x]
    own = strength[y, x] * np.float32(CONSERVATIVE)
    kept = np.ones(len(y), bool)
    for step in (-1, 1):
        # The toolbox's limit: interpolation never reaches past the last row or column.
        at_x = np.clip(x + step * np.cos(angle), 0, width - 1.001)
        at_y = np.clip(y + step * np.sin(angle), 0, height - 1.001)
        kept &= own >= _bilinear(strength, at_y, at_x)
    result = np.zeros(strength.shape, bool)
    result[y[kept], x[kept]] = True
    return result


def _smooth(image: np.ndarray) -> np.ndarray:
    """Filter with a triangle of ``SMOOTHING_RADIUS`` along both axes, mirrored at the border."""
    rising = np.arange(1, SMOOTHING_RADIUS + 2, dtype=np.float32)
    kernel = np.concatenate([rising, rising[-2::-1]]) / (SMOOTHING_RADIUS + 1) ** 2
    return cv2.sepFilter2D(image, cv2.CV_32F, kernel, kernel, borderType=cv2.BORDER_REFLECT)


def _normals(image: np.ndarray) -> np.ndarray:
    """(H, W) angle of the direction across a ridge, in radians in [0, pi), from x towards y."""
    along_y, along_x = np.gradient(image)
    xx = np.gradient(along_x, axis=1)
    yy, xy = np.gradient(along_y)
    # Where xy is 0, as on a level line, the toolbox's sign is 0 and the direction lost; not here.
    sign = np.where(xy > 0, np.float32(-1), np.float32(1))
    angle: np.ndarray = np.mod(np.arctan(yy * sign / (xx + np.float32(1e-5))), np.pi)
    return angle


def _bilinear(image: np.ndarray, y: np.ndarray, x: np.ndarray) -> np.ndarray:
    top, left = y.astype(int), x.astype(int)
    down, right = y - top, x - left
    upper = image[top, left] * (1 - right) + image[top, left + 1] * right
    lower = image[top + 1, left] * (1 - right) + image[top + 1, left + 1] * right
    value: np.ndarray = upper * (1 - down) + lower * down
    return value
