"""Non-maximum suppression that keeps a fixed number of boxes per picture.

The rule is that of mmcv's ``batched_nms``: within a class, a box goes if it overlaps a better one
that stays. How many stay depends on the picture; here they are marked, not listed, and the best
``num`` of them are given, with the score 0 where there are fewer.
"""

from collections.abc import Mapping
from typing import Any

import torch
import torchvision
from torch import Tensor

KNOWN = {"type", "iou_threshold", "class_agnostic", "split_thr"}


def why_not(config: Mapping[str, Any] | None) -> str:
    """What of a suppression (``nms`` of a ``test_cfg``) is not exported; empty if nothing."""
    config = dict(config or {})
    if config.get("type") != "nms":
        return f"its suppression is {config.get('type')!r}, and 'nms' alone is exported"
    other = sorted(set(config) - KNOWN)
    return f"its suppression has {', '.join(other)}, which are not exported" if other else ""


def suppress(
    boxes: Tensor, scores: Tensor, labels: Tensor, *, config: Mapping[str, Any], num: int
) -> tuple[Tensor, Tensor]:
    """The best boxes that stay.

    Args:
        boxes: (B, N, 4), xyxy.
        scores: (B, N); a candidate with a score of 0 or less is none.
        labels: (B, N).
        config: ``iou_threshold``, and ``class_agnostic``.
        num: Rows of the answer, at most N.

    Returns:
        Scores (B, num), best first, and the rows (B, num) of ``boxes`` that they belong to.
    """
    rows = torch.arange(boxes.shape[0], device=boxes.device)[:, None]
    every = boxes.flatten()
    reach = every.amax(0) - every.amin(0) + 1
    classes = torch.zeros_like(labels) if config.get("class_agnostic", False) else labels
    # Classes are set apart along x, pictures along y: what is apart does not overlap.
    across, down = classes * reach, (rows * reach).expand_as(boxes[..., 0])
    moved = boxes + torch.stack([across, down, across, down], -1)
    is_candidate = scores > 0
    # All others lie on one place far off, where the first of them suppresses the rest.
    nowhere = boxes.new_tensor([-2.0, -2.0, -1.0, -1.0]) - reach
    moved = torch.where(is_candidate[..., None], moved, nowhere)
    kept = torchvision.ops.nms(
        moved.flatten(0, 1), scores.flatten(), float(config["iou_threshold"])
    )
    stays = torch.zeros_like(scores, dtype=torch.bool).flatten()
    stays = stays.index_fill(0, kept, True).view_as(scores)
    best, index = torch.where(stays & is_candidate, scores, 0.0).topk(num, dim=1)
    return best, index
