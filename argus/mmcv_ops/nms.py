"""Non-maximum suppression, by torchvision."""

import torch
import torchvision  # noqa: F401 - registers its operators
from torch import Tensor

from argus.mmcv_ops.float32 import wide


def nms(boxes: Tensor, scores: Tensor, iou_threshold: float, offset: int) -> Tensor:
    """Keep a box unless it overlaps a kept one of a higher score by more than the threshold.

    Equal scores come in the order of ``torch.sort``, which is not stable, as in the compiled
    operator. Two boxes without area do not overlap.

    Args:
        boxes: (N, 4), x1 y1 x2 y2 in pixels.
        scores: (N,).
        iou_threshold: In [0, 1].
        offset: Added to widths and heights: 0, or 1 where the last pixel belongs to the box.

    Returns:
        (K,) indices of the boxes that are kept, by falling score.
    """
    boxes, scores = wide(boxes), wide(scores)
    if offset:
        boxes = torch.cat([boxes[:, :2], boxes[:, 2:] + offset], dim=1)
    # mmcv compares in float32, torchvision in float64, where 0.3 is less than the IoU of 3 to 10.
    threshold = torch.tensor(iou_threshold, dtype=torch.float32).item()
    order = scores.sort(descending=True).indices
    ranks = torch.arange(len(order), 0, -1, dtype=boxes.dtype, device=boxes.device)
    kept: Tensor = order[torch.ops.torchvision.nms(boxes[order], ranks, threshold)]
    return kept
