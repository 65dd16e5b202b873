"""Positive samples of an auxiliary head as queries of the decoder, with known targets.

Paper: DETRs with Collaborative Hybrid Assignments Training (Zong et al., ICCV 2023), section 3.3,
https://arxiv.org/abs/2211.12860: the boxes that an auxiliary head assigned to objects become
queries. Each knows its object, so nothing is matched.

What was changed against the reference (Sense-X/Co-DETR): start boxes are kept inside the sigmoid's
range, and an image that has too few negatives to fill its row gets queries that count nothing,
where the reference drops the loss of the whole batch.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from mmdet.models.task_modules.samplers import SamplingResult
from mmdet.structures.bbox import bbox_xyxy_to_cxcywh, get_box_tensor
from torch import Tensor

# Start boxes stay within this and its complement, as the decoder's inverse sigmoid has it.
BOX_EPSILON = 1e-3
# A decoder pass with fewer queries than this is filled with negatives.
MIN_QUERIES = 9


@dataclass(frozen=True)
class PositiveQueries:
    """Queries of one auxiliary head for a batch of B images, Q each."""

    boxes: Tensor
    """(B, Q, 4): where the queries start, centre and size as shares of the image."""
    labels: Tensor
    """(B, Q): class, or ``num_classes`` for background."""
    targets: Tensor
    """(B, Q, 4): box of the object as ``boxes``; zeros for background."""
    is_counted: Tensor
    """(B, Q) bool: False for queries that only fill a row."""
    num_classes: int
    """Number of classes."""

    def as_targets(
        self,
    ) -> tuple[list[Tensor], list[Tensor], list[Tensor], list[Tensor], int, int]:
        """What ``DETRHead.get_targets`` gives after matching.

        Returns:
            Per image the labels (Q,), their weights (Q,), the box targets (Q, 4) and their weights
            (Q, 4); the number of positives and of negatives in the batch.
        """
        is_positive = self.labels < self.num_classes
        num_positives = int(is_positive.sum())
        box_weights = is_positive[..., None].expand_as(self.targets).to(self.targets.dtype)
        return (
            list(self.labels),
            list(self.is_counted.to(self.targets.dtype)),
            list(self.targets),
            list(box_weights),
            num_positives,
            int(self.is_counted.sum()) - num_positives,
        )


def collect_positives(
    sampled: Sequence[SamplingResult],
    image_shapes: Sequence[tuple[int, int]],
    *,
    num_classes: int,
    max_queries: int,
) -> PositiveQueries:
    """Turn the assignments of an auxiliary head into queries.

    A row is as long as the image with most positives needs, but no longer than ``max_queries``;
    positives beyond that are drawn at random. Shorter rows are filled with random negatives.

    Args:
        sampled: Per image the priors that the head took, xyxy in pixels of the input.
        image_shapes: (height, width) of each image without padding, pixels.
        num_classes: Number of classes; as a label it is background.
        max_queries: Longest row.
    """
    longest = max(len(result.pos_inds) for result in sampled)
    num_queries = max(min(longest, max_queries), MIN_QUERIES)
    rows = [
        _row(result, shape, num_queries, num_classes)
        for result, shape in zip(sampled, image_shapes, strict=True)
    ]
    boxes, labels, targets, is_counted = (torch.stack(parts) for parts in zip(*rows, strict=True))
    return PositiveQueries(boxes, labels, targets, is_counted, num_classes)


def _row(
    result: SamplingResult, shape: tuple[int, int], num_queries: int, num_classes: int
) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """Boxes, labels, targets and the counted mask of one image's queries."""
    positives = get_box_tensor(result.pos_priors).detach()
    negatives = get_box_tensor(result.neg_priors).detach()
    objects = get_box_tensor(result.pos_gt_bboxes)
    chosen = torch.randperm(len(positives), device=positives.device)[:num_queries]
    num_positives = len(chosen)
    filling = torch.randperm(len(negatives), device=positives.device)
    filling = filling[: num_queries - num_positives]
    num_counted = num_positives + len(filling)

    height, width = shape
    scale = positives.new_tensor([width, height, width, height])
    # Queries that count nothing start as the whole image.
    boxes = positives.new_tensor([0.5, 0.5, 1.0, 1.0]).repeat(num_queries, 1)
    boxes[:num_positives] = bbox_xyxy_to_cxcywh(positives[chosen] / scale)
    boxes[num_positives:num_counted] = bbox_xyxy_to_cxcywh(negatives[filling] / scale)
    labels = torch.full((num_queries,), num_classes, device=positives.device)
    labels[:num_positives] = result.pos_gt_labels[chosen]
    targets = torch.zeros_like(boxes)
    targets[:num_positives] = bbox_xyxy_to_cxcywh(objects[chosen] / scale)
    is_counted = torch.arange(num_queries, device=positives.device) < num_counted
    return boxes.clamp(BOX_EPSILON, 1 - BOX_EPSILON), labels, targets, is_counted
