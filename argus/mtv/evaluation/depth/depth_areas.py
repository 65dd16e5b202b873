"""The part of a picture in which depth is measured, by the customs of each data set.

Sources: Eigen et al. (NeurIPS 2014) and Garg et al. (ECCV 2016), whose boxes are fractions of the
picture; the crop of KITTI's depth benchmark.
"""

import numpy as np

from argus.errors import DataError
from argus.evaluation.metrics.depth import EIGEN_CROP, EIGEN_SIZE

KITTI_CROP = (352, 1216)
# Upper, lower, left and right edge, as fractions.
_BOXES = {
    "eigen": (0.3324324, 0.91351351, 0.0359477, 0.96405229),
    "garg": (0.40810811, 0.99189189, 0.03594771, 0.96405229),
}
MASKS = ("nyu", *_BOXES, "none")


def kitti_crop(pixels: np.ndarray, *, name: str) -> np.ndarray:
    """The lowest 352 rows and middle 1216 columns of (H, W, ...).

    Args:
        pixels: A picture or depth map.
        name: Of its file, for the message.

    Raises:
        DataError: It is smaller.
    """
    height, width = KITTI_CROP
    if pixels.shape[0] < height or pixels.shape[1] < width:
        raise DataError(
            f"{name}: expected a picture of KITTI, at least {height} x {width} (H, W) for its "
            f"crop, found {pixels.shape[:2]}. Other pictures are measured with crop=none."
        )
    top, left = pixels.shape[0] - height, (pixels.shape[1] - width) // 2
    return pixels[top : top + height, left : left + width]


def area(size: tuple[int, int], mask: str, *, name: str) -> np.ndarray:
    """The pixels that are measured.

    Args:
        size: (H, W).
        mask: ``eigen`` or ``garg`` for KITTI, ``nyu`` for Eigen's box of NYUv2, ``none`` for all.
        name: Of the picture, for the message.

    Returns:
        (H, W) bool.

    Raises:
        DataError: If the box is for another size.
    """
    assert mask in MASKS, mask
    found = np.zeros(size, dtype=bool)
    if mask == "none":
        return ~found
    if mask == "nyu":
        if size != EIGEN_SIZE:
            raise DataError(
                f"{name}: expected {EIGEN_SIZE} (H, W) for Eigen's box of NYUv2, found {size}; "
                "mask=none measures all pixels."
            )
        (top, bottom), (left, right) = EIGEN_CROP
    else:
        rows, columns = _BOXES[mask][:2], _BOXES[mask][2:]
        top, bottom = (int(edge * size[0]) for edge in rows)
        left, right = (int(edge * size[1]) for edge in columns)
    found[top:bottom, left:right] = True
    return found
