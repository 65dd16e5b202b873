"""Denoising queries of Mask DINO: noisy boxes and labels of the ground truth, to be repaired.

Papers: DN-DETR, https://arxiv.org/abs/2203.01305; Mask DINO, https://arxiv.org/abs/2206.02777,
section 3.4, where the queries also have to find the mask.

What was changed: one padded tensor for the batch instead of index lists (no transfer to the host),
and at least one group also when an image has more instances than ``num_queries``.
"""

from typing import NamedTuple

import torch
from torch import Tensor

from .structures import Matches, Targets


class NoisyTargets(NamedTuple):
    """G copies ("groups") of the instances of each image, P = G * T queries."""

    labels: Tensor
    """(B, P) int64, some of them wrong."""
    boxes: Tensor
    """(B, P, 4) in [0, 1], shifted and scaled."""
    valid: Tensor
    """(B, P) bool, False on the padding of images with fewer than T instances."""
    num_groups: int
    """G, 0 when the batch has no instance."""


@torch.no_grad()
def add_noise(
    targets: Targets, *, num_queries: int, box_noise: float, label_noise: float, num_classes: int
) -> NoisyTargets:
    """Copy the instances and disturb every copy.

    Args:
        targets: Ground truth of the batch.
        num_queries: P at most, unless a single group is already larger.
        box_noise: The centre moves by up to this share of half the size, the size changes by up to
            this share.
        label_noise: Share of the labels that become a random class.
        num_classes: K.
    """
    largest = targets.labels.shape[1]
    groups = max(1, num_queries // largest) if largest and num_queries else 0
    labels = targets.labels.repeat(1, groups)
    boxes = targets.boxes.repeat(1, groups, 1)
    valid = targets.valid.repeat(1, groups)
    if groups:
        change = torch.rand(labels.shape, device=labels.device) < label_noise
        labels = torch.where(change, torch.randint_like(labels, num_classes), labels)
        reach = torch.cat([boxes[..., 2:] / 2, boxes[..., 2:]], -1)
        boxes = boxes + (torch.rand_like(boxes) * 2 - 1) * reach * box_noise
        boxes = boxes.clamp(0, 1)
    return NoisyTargets(labels, boxes, valid, groups)


def attention_mask(
    num_groups: int, group_size: int, num_matching: int, device: torch.device
) -> Tensor | None:
    """Who may not look at whom in self-attention.

    Matching queries never see denoising queries, which know the ground truth; a denoising group
    sees itself and the matching queries.

    Args:
        num_groups: G.
        group_size: T.
        num_matching: Q.
        device: Where the result lives.

    Returns:
        (P + Q, P + Q) bool, True = blocked, row looks at column; None without denoising queries.
    """
    num_denoising = num_groups * group_size
    if not num_denoising:
        return None
    group = torch.arange(num_denoising + num_matching, device=device) // group_size
    group[num_denoising:] = num_groups
    return (group[:, None] != group) & (group < num_groups)


def denoising_matches(targets: Targets, num_groups: int, num_stages: int) -> Matches:
    """Pairs of every denoising query with its own instance, on each of ``num_stages`` stages."""
    device, largest = targets.labels.device, targets.labels.shape[1]
    parts: list[Tensor] = []
    counts = []
    for image, count in enumerate(targets.counts):
        stage, group, target = torch.meshgrid(
            torch.arange(num_stages),
            torch.arange(num_groups),
            torch.arange(count),
            indexing="ij",
        )
        pairs = torch.stack(
            [stage, torch.full_like(stage, image), group * largest + target, target]
        )
        parts.append(pairs.flatten(1))
        counts.append(stage.numel())
    stage, image, query, target = torch.cat(parts, 1).to(device, non_blocking=True)
    return Matches(stage, image, query, target, tuple(counts))
