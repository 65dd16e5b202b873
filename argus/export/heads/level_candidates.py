"""The best predictions of one level of a head with a prediction per place, for a whole batch."""

from typing import Any, NamedTuple

import torch
from torch import Tensor

from argus.export.heads.boxes import clip_boxes, gather_rows


class Candidates(NamedTuple):
    """Of one level, N per picture.

    Args:
        scores: (B, N), best first; 0 below the threshold.
        labels: (B, N).
        boxes: (B, N, 4), xyxy in pixels.
        places: (B, N), rows of the level.
    """

    scores: Tensor
    labels: Tensor
    boxes: Tensor
    places: Tensor


def level_candidates(
    head: Any, logits: Tensor, deltas: Tensor, priors: Tensor, *, size: tuple[int, int]
) -> Candidates:
    """As many as ``nms_pre`` of the head's ``test_cfg``.

    Args:
        head: One of mmdet's ``BaseDenseHead``.
        logits: Of classes, (B, A * C, h, w).
        deltas: (B, A * 4, h, w).
        priors: (h * w * A, 2 or 4), points or boxes.
        size: (height, width) of the picture.
    """
    rows = per_place(logits, head.cls_out_channels).float()
    scores = rows.sigmoid() if head.use_sigmoid_cls else rows.softmax(-1)[..., :-1]
    num_classes = scores.shape[-1]
    flat = scores.flatten(1)
    num = int(head.test_cfg.get("nms_pre", -1))
    num = flat.shape[1] if num < 0 else min(num, flat.shape[1])
    best, index = flat.topk(num, dim=1)
    best = torch.where(best > head.test_cfg.get("score_thr", 0), best, 0.0)
    places = index // num_classes
    chosen = gather_rows(per_place(deltas, head.bbox_coder.encode_size).float(), places)
    # Its ``decode`` wants the limits as a tensor of every picture; they are applied here.
    boxes = head.bbox_coder.decode(priors[places], chosen)
    if getattr(head.bbox_coder, "clip_border", True):
        boxes = clip_boxes(boxes, size)
    return Candidates(best, index % num_classes, boxes, places)


def wide_enough(scores: Tensor, boxes: Tensor, config: Any) -> Tensor:
    """Scores (B, N), 0 where a side of the box is not above ``min_bbox_size``."""
    least = config.get("min_bbox_size", -1)
    if least < 0:
        return scores
    sides = boxes[..., 2:] - boxes[..., :2]
    return torch.where((sides > least).all(-1), scores, 0.0)


def per_place(level: Tensor, size: int) -> Tensor:
    """A map (B, A * size, h, w) as rows (B, h * w * A, size)."""
    return level.permute(0, 2, 3, 1).reshape(level.shape[0], -1, size)


def num_places(generator: Any, size: tuple[int, int]) -> list[int]:
    """Places of each level of a generator of priors, for a picture of (height, width)."""
    strides = [max(stride) for stride in generator.strides]
    return [-(-size[0] // stride) * -(-size[1] // stride) for stride in strides]
