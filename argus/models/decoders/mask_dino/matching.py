"""Hungarian matching of Mask DINO: class, mask, dice, box and GIoU costs.

Papers: DETR, https://arxiv.org/abs/2005.12872; Mask DINO, https://arxiv.org/abs/2206.02777,
section 3.4 ("hybrid bipartite matching").

What was changed: all stages and images are one cost tensor. Masks are not built: bilinear sampling
is linear, so sampling the mask feature first and multiplying by the embeddings gives the same
logits at the points. An instance may take several predictions.
"""

import torch
import torch.nn.functional as F
from torch import Tensor

from .assignment import assign_on_device, assign_on_host, check_assignment
from .box_overlap import generalized_iou
from .point_sampling import cell_points, sample_bitmaps
from .structures import Matches, Predictions, Targets

# Stands for an overflow; larger than any sensible cost.
WORST_COST = 1e6


class HungarianMatcher:
    """Match predictions to instances, at the least total cost.

    Args:
        class_weight: Of the focal classification cost.
        mask_weight: Of the cross-entropy at the points.
        dice_weight: Of the dice cost at the points.
        box_weight: Of the L1 distance of boxes.
        giou_weight: Of 1 - GIoU.
        num_points: Random points per image for the mask costs; None takes every cell of the mask
            feature.
        alpha: Of the focal cost.
        gamma: Of the focal cost.
        assignment: Where it is solved, ``host`` or ``device``: see :mod:`~.assignment`.

    Raises:
        ConfigError: Another ``assignment``, or ``device`` without the package it needs.
    """

    def __init__(
        self,
        *,
        class_weight: float = 4.0,
        mask_weight: float = 5.0,
        dice_weight: float = 5.0,
        box_weight: float = 5.0,
        giou_weight: float = 2.0,
        num_points: int | None = 12544,
        alpha: float = 0.25,
        gamma: float = 2.0,
        assignment: str = "host",
    ) -> None:
        check_assignment(assignment)
        self.assignment = assignment
        self.class_weight = class_weight
        self.mask_weight = mask_weight
        self.dice_weight = dice_weight
        self.box_weight = box_weight
        self.giou_weight = giou_weight
        self.num_points = num_points
        self.alpha = alpha
        self.gamma = gamma

    def match(self, costs: Tensor, targets: Targets, repeats: tuple[int, ...]) -> Matches:
        """Assign at the least cost.

        Args:
            costs: (B, stages, Q, T).
            targets: Ground truth of the batch.
            repeats: For each stage, how many predictions an instance takes (as far as there are
                enough of them).
        """
        assign = assign_on_device if self.assignment == "device" else assign_on_host
        return assign(costs, targets.counts, repeats)

    @torch.no_grad()
    def costs(self, predictions: Predictions, mask_features: Tensor, targets: Targets) -> Tensor:
        """Costs (B, stages, Q, T) float32 of all pairs; ``targets`` need one instance at least.

        Args:
            predictions: Of several stages.
            mask_features: (B, D, h, w).
            targets: Ground truth of the batch.
        """
        stages, batch, queries, _ = predictions.class_logits.shape
        logits, boxes, embeds = (
            field.float().transpose(0, 1).flatten(1, 2) for field in predictions
        )  # (B, stages * Q, .)
        cost = self.class_weight * self._class_cost(logits, targets.labels)
        cost += self.box_weight * torch.cdist(boxes, targets.boxes, p=1)
        overlap = generalized_iou(boxes[:, :, None], targets.boxes[:, None])
        cost += self.giou_weight * (1 - overlap)
        bce, dice = self._mask_costs(embeds, mask_features.float(), targets)
        cost += self.mask_weight * bce + self.dice_weight * dice
        cost = torch.nan_to_num(cost, WORST_COST, WORST_COST, -WORST_COST)
        return cost.view(batch, stages, queries, -1)

    def _class_cost(self, logits: Tensor, labels: Tensor) -> Tensor:
        """Focal cost of naming the class minus that of denying it: (B, n, K), (B, T) -> (B, n, T).

        As DETR variants do: only the term of the instance's class depends on the pair.
        """
        index = labels[:, None].expand(-1, logits.shape[1], -1)
        logits = logits.gather(2, index)
        prob = logits.sigmoid()
        log_prob = F.logsigmoid(logits)
        log_rest = log_prob - logits
        named = -self.alpha * (1 - prob) ** self.gamma * log_prob
        denied = -(1 - self.alpha) * prob**self.gamma * log_rest
        return named - denied

    def _mask_costs(
        self, embeds: Tensor, mask_features: Tensor, targets: Targets
    ) -> tuple[Tensor, Tensor]:
        """Cross-entropy and dice costs (B, n, T) of masks at points, from embeds (B, n, D)."""
        batch, _, height, width = mask_features.shape
        if self.num_points is None:
            points = cell_points(height, width, embeds.device).expand(batch, -1, -1)
            features = mask_features.flatten(2)
        else:
            points = torch.rand(batch, self.num_points, 2, device=embeds.device)
            features = F.grid_sample(mask_features, points[:, None] * 2 - 1, align_corners=False)[
                :, :, 0
            ]
        slots = targets.mask_index.shape[1]
        truth = sample_bitmaps(
            targets.masks,
            targets.mask_index.flatten(),
            points.repeat_interleave(slots, 0),
        ).view(batch, slots, -1)  # (B, T, P)
        logits = embeds @ features  # (B, n, P)
        prob = logits.sigmoid()
        overlap = prob @ truth.transpose(1, 2)
        total = prob.sum(-1)[..., None] + truth.sum(-1)[:, None]
        dice = 1 - (2 * overlap + 1) / (total + 1)
        # Cross-entropy of logit x and truth t is softplus(x) - x t.
        softplus = F.softplus(logits).sum(-1)
        bce = (softplus[..., None] - logits @ truth.transpose(1, 2)) / logits.shape[-1]
        return bce, dice
