"""Intersection over union of one box with others: what the sequential suppressions go by."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.floating[Any]]


def areas(boxes: Floats, offset: int = 0) -> Floats:
    """Areas (N,) of boxes (N, 4); ``offset`` is added to widths and heights."""
    sizes = boxes[:, 2:4] - boxes[:, :2] + offset
    return sizes[:, 0] * sizes[:, 1]


def overlaps(box: Floats, others: Floats, offset: int = 0) -> Floats:
    """IoU of a box (4,) with others (N, 4).

    Returns:
        (N,) in [0, 1]; 0 where neither has an area.
    """
    low = np.maximum(box[:2], others[:, :2])
    sides = np.maximum(np.minimum(box[2:4], others[:, 2:4]) - low + offset, 0)
    common = sides[:, 0] * sides[:, 1]
    union = areas(box[None], offset) + areas(others, offset) - common
    return np.divide(common, union, out=np.zeros_like(common), where=union != 0)
