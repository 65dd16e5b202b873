"""Losses of Mask DINO: class, mask, dice, box and GIoU on every stage, matched and denoised.

Paper: Mask DINO, https://arxiv.org/abs/2206.02777, section 3.4 and appendix.

What was changed: all stages are one tensor, so the number of kernels does not grow with the layers;
masks are built for paired predictions alone. The no-object weight of the stock config has no
effect with a focal loss and is left out.
"""

from collections.abc import Sequence

import torch
from mmdet.models.losses.focal_loss import py_sigmoid_focal_loss
from mmdet.utils import reduce_mean
from torch import Tensor, nn

from argus.registry import MODELS

from .box_overlap import generalized_iou
from .denoising import denoising_matches
from .head import HeadOutput
from .matching import HungarianMatcher
from .point_sampling import cell_points, sample_bitmaps, sample_logits, uncertain_points
from .structures import Matches, Predictions, Targets

LOSS_NAMES = ("class", "mask", "dice", "box", "giou")


@MODELS.register_module()
class MaskDINOCriterion(nn.Module):
    """Match, then compare.

    Args:
        class_weight: Of the focal loss; the matching cost has the same weights.
        mask_weight: Of the cross-entropy at the points.
        dice_weight: Of the dice loss at the points.
        box_weight: Of the L1 loss of boxes.
        giou_weight: Of 1 - GIoU.
        num_points: Points per mask; None takes every cell of the mask feature, which is cheaper
            when the feature is small.
        oversample_ratio: Candidates per point.
        importance_ratio: Share of the points chosen for uncertainty.
        padding_is_background: Whether the denoising queries that only fill up an image with fewer
            instances than another of its batch learn to be background, as in the published code.
        selection_repeats: Predictions of chosen encoder tokens that an instance takes; 1 is the
            stock recipe, more teach the query selection faster (one-to-many supervision as in
            H-DETR, https://arxiv.org/abs/2207.13080).
        alpha: Of the focal loss.
        gamma: Of the focal loss.
        assignment: Where the matching is solved: ``host`` (SciPy) or ``device`` (the package
            ``torch-linear-assignment``).

    Raises:
        ConfigError: Another ``assignment``, or ``device`` without that package.
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
        oversample_ratio: float = 3.0,
        importance_ratio: float = 0.75,
        padding_is_background: bool = True,
        selection_repeats: int = 1,
        alpha: float = 0.25,
        gamma: float = 2.0,
        assignment: str = "host",
    ) -> None:
        super().__init__()
        weights = torch.tensor([class_weight, mask_weight, dice_weight, box_weight, giou_weight])
        # A buffer, so that no step copies it to the device.
        self.register_buffer("weights", weights[:, None], persistent=False)
        self.weights: Tensor
        self.num_points = num_points
        self.oversample_ratio = oversample_ratio
        self.importance_ratio = importance_ratio
        self.padding_is_background = padding_is_background
        self.selection_repeats = selection_repeats
        self.alpha = alpha
        self.gamma = gamma
        self.matcher = HungarianMatcher(
            class_weight=class_weight,
            mask_weight=mask_weight,
            dice_weight=dice_weight,
            box_weight=box_weight,
            giou_weight=giou_weight,
            num_points=num_points,
            alpha=alpha,
            gamma=gamma,
            assignment=assignment,
        )

    def forward(self, output: HeadOutput, targets: Targets) -> dict[str, Tensor]:
        """Weighted losses of a batch, computed in float32 also under autocast.

        Args:
            output: Of the head.
            targets: Ground truth of the batch.

        Returns:
            Scalars: ``loss_class``, ``loss_mask``, ``loss_dice``, ``loss_box``, ``loss_giou`` of
            the last layer; ``loss_selection`` of the chosen encoder tokens, ``loss_auxiliary`` of
            the start and the earlier layers, ``loss_denoising`` of all denoising queries, each the
            sum of the five kinds. All are connected to every prediction, instances or not.
        """
        with torch.autocast(output.mask_features.device.type, enabled=False):
            return self._losses(output, targets)

    def _losses(self, output: HeadOutput, targets: Targets) -> dict[str, Tensor]:
        mask_features = output.mask_features.float()
        matched = _concatenate(output.selected, output.decoded)
        denoised = Predictions(*(field.float() for field in output.denoised))
        num_stages = len(denoised.boxes)
        repeats = (self.selection_repeats,) + (1,) * num_stages
        pairs = self._match(matched, mask_features, targets, repeats)
        dn_pairs = denoising_matches(targets, output.num_groups, num_stages)

        # An average over all processes keeps the loss of a step independent of how many there are.
        total = torch.tensor(float(sum(targets.counts))).to(mask_features.device, non_blocking=True)
        num_instances = reduce_mean(total).clamp(min=1)
        matched_parts = torch.stack(
            [self._class_loss(matched, pairs, targets), *self._box_losses(matched, pairs, targets)]
        )
        denoised_parts = torch.stack(
            [
                self._class_loss(
                    denoised, dn_pairs, targets, only_pairs=not self.padding_is_background
                ),
                *self._box_losses(denoised, dn_pairs, targets),
            ]
        )
        matched_masks, denoised_masks = self._mask_losses(
            (matched, denoised), (pairs, dn_pairs), mask_features, targets
        )
        share = matched_parts.new_ones(1 + num_stages)
        share[0] = self.selection_repeats
        matched_losses = torch.stack([matched_parts[0], *matched_masks, *matched_parts[1:]])
        matched_losses = matched_losses * self.weights / (num_instances * share)  # (5, 1 + stages)
        denoised_losses = torch.stack([denoised_parts[0], *denoised_masks, *denoised_parts[1:]])
        denoised_losses = (
            denoised_losses * self.weights / (num_instances * max(1, output.num_groups))
        )

        losses = {
            f"loss_{name}": value
            for name, value in zip(LOSS_NAMES, matched_losses[:, -1].unbind(), strict=True)
        }
        losses["loss_selection"] = matched_losses[:, 0].sum()
        losses["loss_auxiliary"] = matched_losses[:, 1:-1].sum()
        losses["loss_denoising"] = denoised_losses.sum()
        return losses

    def _match(
        self,
        predictions: Predictions,
        mask_features: Tensor,
        targets: Targets,
        repeats: tuple[int, ...],
    ) -> Matches:
        """Matches of all stages; none when the batch has no instance."""
        if not sum(targets.counts):
            empty = torch.zeros(0, dtype=torch.long, device=mask_features.device)
            return Matches(empty, empty, empty, empty, (0,) * len(targets.counts))
        costs = self.matcher.costs(predictions, mask_features, targets)
        return self.matcher.match(costs, targets, repeats)

    def _class_loss(
        self,
        predictions: Predictions,
        pairs: Matches,
        targets: Targets,
        *,
        only_pairs: bool = False,
    ) -> Tensor:
        """Focal loss (stages,), summed over queries; unpaired queries are background or ignored."""
        logits = predictions.class_logits
        truth = torch.zeros_like(logits)
        labels = targets.labels[pairs.image, pairs.target]
        truth[pairs.stage, pairs.image, pairs.query, labels] = 1
        loss: Tensor = py_sigmoid_focal_loss(
            logits, truth, gamma=self.gamma, alpha=self.alpha, reduction="none"
        )
        if only_pairs:
            loss = loss * truth.amax(-1, keepdim=True)
        return loss.sum((1, 2, 3))

    def _box_losses(
        self, predictions: Predictions, pairs: Matches, targets: Targets
    ) -> tuple[Tensor, Tensor]:
        """L1 and 1 - GIoU, each (stages,), summed over pairs."""
        boxes = predictions.boxes[pairs.stage, pairs.image, pairs.query]
        truth = targets.boxes[pairs.image, pairs.target]
        distance = (boxes - truth).abs().sum(-1)
        overlap = generalized_iou(boxes, truth)
        num_stages = len(predictions.boxes)
        return (
            _sum_by_stage(distance, pairs.stage, num_stages),
            _sum_by_stage(1 - overlap, pairs.stage, num_stages),
        )

    def _mask_losses(
        self,
        predictions: tuple[Predictions, Predictions],
        pairs: tuple[Matches, Matches],
        mask_features: Tensor,
        targets: Targets,
    ) -> tuple[tuple[Tensor, Tensor], tuple[Tensor, Tensor]]:
        """Cross-entropy and dice, each (stages,), summed over pairs, for both sets of pairs."""
        embeds = [
            torch.split(p.mask_embeds[m.stage, m.image, m.query], list(m.counts))
            for p, m in zip(predictions, pairs, strict=True)
        ]
        rows = [torch.split(targets.mask_index[m.image, m.target], list(m.counts)) for m in pairs]
        # One matrix product per image; rows are sorted by image, matched before denoised.
        logits = torch.cat(
            [
                torch.einsum("md,dhw->mhw", torch.cat(parts), features)
                for *parts, features in zip(*embeds, mask_features, strict=True)
            ]
        )
        index = torch.cat([part for parts in zip(*rows, strict=True) for part in parts])
        cross_entropy, dice = self._compare_masks(logits, index, targets)

        sizes = [n for counts in zip(*(m.counts for m in pairs), strict=True) for n in counts]
        results = []
        for which, (p, m) in enumerate(zip(predictions, pairs, strict=True)):
            sums = [
                _sum_by_stage(torch.cat(torch.split(loss, sizes)[which::2]), m.stage, len(p.boxes))
                for loss in (cross_entropy, dice)
            ]
            results.append((sums[0], sums[1]))
        return results[0], results[1]

    def _compare_masks(
        self, logits: Tensor, index: Tensor, targets: Targets
    ) -> tuple[Tensor, Tensor]:
        """Cross-entropy and dice (M,) of mask logits (M, h, w) with the bitmaps ``index`` (M,)."""
        if self.num_points is None:
            points = cell_points(logits.shape[-2], logits.shape[-1], logits.device)
            every = torch.arange(len(targets.masks), device=logits.device)
            truth = sample_bitmaps(targets.masks, every, points.expand(len(every), -1, -1))[index]
            values = logits.flatten(1)
        else:
            points = uncertain_points(
                logits,
                num_points=self.num_points,
                oversample_ratio=self.oversample_ratio,
                importance_ratio=self.importance_ratio,
            )
            truth = sample_bitmaps(targets.masks, index, points)
            values = sample_logits(logits, points)
        return point_losses(values, truth)


def point_losses(logits: Tensor, truth: Tensor) -> tuple[Tensor, Tensor]:
    """Mean cross-entropy and dice loss of each row.

    Args:
        logits: (M, P).
        truth: (M, P) in [0, 1].

    Returns:
        Two tensors (M,). Dice is 1 - (2 sum(p t) + 1) / (sum(p) + sum(t) + 1).
    """
    cross_entropy = nn.functional.binary_cross_entropy_with_logits(
        logits, truth, reduction="none"
    ).mean(1)
    prob = logits.sigmoid()
    overlap = (prob * truth).sum(1)
    dice = 1 - (2 * overlap + 1) / (prob.sum(1) + truth.sum(1) + 1)
    return cross_entropy, dice


def _sum_by_stage(values: Tensor, stage: Tensor, num_stages: int) -> Tensor:
    """Sums (stages,) of ``values`` (M,)."""
    return values.new_zeros(num_stages).index_add(0, stage, values)


def _concatenate(first: Sequence[Tensor], second: Sequence[Tensor]) -> Predictions:
    """Join the stages of two sets of predictions, in float32."""
    return Predictions(
        *(torch.cat([a.float(), b.float()]) for a, b in zip(first, second, strict=True))
    )
