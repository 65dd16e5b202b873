"""Generalised IoU of boxes.

Paper: https://arxiv.org/abs/1902.09630.

What was changed: the numbers are those of mmdet's ``bbox_overlaps``, which copies a constant to the
device at every call and waits for it.
"""

import torch
from mmdet.structures.bbox import bbox_cxcywh_to_xyxy
from torch import Tensor

_SMALLEST_AREA = 1e-6


def generalized_iou(boxes: Tensor, others: Tensor) -> Tensor:
    """GIoU (...) in (-1, 1] of boxes (..., 4) given as centre and size; shapes are broadcast."""
    boxes, others = bbox_cxcywh_to_xyxy(boxes), bbox_cxcywh_to_xyxy(others)
    low, high = (
        torch.max(boxes[..., :2], others[..., :2]),
        torch.min(boxes[..., 2:], others[..., 2:]),
    )
    overlap = _product((high - low).clamp(min=0))
    area = _product(boxes[..., 2:] - boxes[..., :2])
    other_area = _product(others[..., 2:] - others[..., :2])
    union = (area + other_area - overlap).clamp(min=_SMALLEST_AREA)
    low, high = (
        torch.min(boxes[..., :2], others[..., :2]),
        torch.max(boxes[..., 2:], others[..., 2:]),
    )
    hull = _product((high - low).clamp(min=0)).clamp(min=_SMALLEST_AREA)
    return overlap / union - (hull - union) / hull


def _product(sides: Tensor) -> Tensor:
    return sides[..., 0] * sides[..., 1]
