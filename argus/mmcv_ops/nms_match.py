"""Non-maximum suppression that tells which box suppressed which."""

import numpy as np
from torch import Tensor

from argus.mmcv_ops.overlap import overlaps


def nms_match(dets: Tensor, iou_threshold: float) -> list[list[int]]:
    """Group the boxes: one that is kept, then those that it suppresses by falling score.

    Args:
        dets: (N, 5), x1 y1 x2 y2 in pixels and the score; on the CPU.
        iou_threshold: From which on a box is suppressed.

    Returns:
        Indices; the groups by falling score of the box that is kept.
    """
    boxes = dets.detach().float().numpy()
    # The compiled operator's way, whose order of equal scores is not that of NumPy.
    left = dets[:, 4].contiguous().sort(descending=True).indices.numpy()
    threshold = np.float32(iou_threshold)
    groups = []
    while len(left):
        first, left = left[0], left[1:]
        is_like = overlaps(boxes[first], boxes[left]) >= threshold
        groups.append([int(first), *left[is_like].tolist()])
        left = left[~is_like]
    return groups
