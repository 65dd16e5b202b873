"""From the predictions of one image to instances, a semantic map or a panoptic map.

Paper: Mask DINO, https://arxiv.org/abs/2206.02777; the panoptic rules are those of Mask2Former with
the class scores of a focal loss: one sigmoid per class and no background class.

What was changed: masks are enlarged a few at a time, so that memory does not grow with the number
of instances times the size of the image.
"""

from typing import NamedTuple

import torch
import torch.nn.functional as F
from mmdet.evaluation.functional import INSTANCE_OFFSET
from mmdet.structures.bbox import bbox_cxcywh_to_xyxy
from mmengine.structures import InstanceData, PixelData
from torch import Tensor

# Masks enlarged at once; 16 at 1080 x 1920 are 133 MB in float32.
CHUNK = 16


class Frame(NamedTuple):
    """The sizes a mask passes through, all (height, width) in pixels."""

    batch: tuple[int, int]
    """Padded batch, which the mask logits cover."""
    canvas: tuple[int, int]
    """What boxes are relative to: the image, or more."""
    image: tuple[int, int]
    """Image without padding."""
    output: tuple[int, int]
    """Size of the result."""


def resize_masks(mask_logits: Tensor, frame: Frame) -> Tensor:
    """Mask logits (n, h, w) at the size of the result: enlarge, cut the padding off, rescale."""
    masks = mask_logits.float()[:, None]
    masks = F.interpolate(masks, size=frame.batch, mode="bilinear", align_corners=False)
    masks = masks[..., : frame.image[0], : frame.image[1]]
    if frame.output != frame.image:
        masks = F.interpolate(masks, size=frame.output, mode="bilinear", align_corners=False)
    return masks[:, 0]


def instance_results(
    class_logits: Tensor,
    boxes: Tensor,
    mask_logits: Tensor,
    frame: Frame,
    *,
    num_things_classes: int,
    max_per_image: int,
    focus_on_box: bool = False,
) -> InstanceData:
    """The best pairs of query and class, best first.

    Args:
        class_logits: (Q, K).
        boxes: (Q, 4) centre and size in [0, 1], relative to the canvas.
        mask_logits: (Q, h, w).
        frame: Sizes.
        num_things_classes: The first classes of K; only these have instances.
        max_per_image: Instances kept.
        focus_on_box: Leave the mask score out of the instance score.

    Returns:
        ``scores`` (n,), ``labels`` (n,), ``bboxes`` (n, 4) xyxy pixels of the result, from the box
        branch, ``masks`` (n, height, width) bool.
    """
    scores = class_logits[:, :num_things_classes].float().sigmoid()
    kept = min(max_per_image, scores.numel())
    scores, index = scores.flatten().topk(kept)
    query = index // num_things_classes
    masks = torch.empty(kept, *frame.output, dtype=torch.bool, device=scores.device)
    mask_scores = torch.empty_like(scores)
    for start in range(0, kept, CHUNK):
        part = slice(start, start + CHUNK)
        logits = resize_masks(mask_logits[query[part]], frame)
        positive = logits > 0
        masks[part] = positive
        inside = (logits.sigmoid() * positive).sum((1, 2))
        mask_scores[part] = inside / (positive.sum((1, 2)) + 1e-6)
    if not focus_on_box:
        scores = scores * mask_scores
    height, width = frame.output
    xyxy = bbox_cxcywh_to_xyxy(boxes[query].float())
    if frame.canvas != frame.image:
        y, x = (c / i for c, i in zip(frame.canvas, frame.image, strict=True))
        xyxy = xyxy * xyxy.new_tensor([x, y, x, y])
    xyxy = xyxy.clamp(0, 1)
    scores, order = scores.sort(descending=True)
    return InstanceData(
        scores=scores,
        labels=(index % num_things_classes)[order],
        bboxes=(xyxy * xyxy.new_tensor([width, height, width, height]))[order],
        masks=masks[order],
    )


def semantic_result(
    class_logits: Tensor, mask_logits: Tensor, frame: Frame, *, temperature: float | None
) -> PixelData:
    """The class of each pixel.

    Args:
        class_logits: (Q, K).
        mask_logits: (Q, h, w).
        frame: Sizes.
        temperature: Of an additional softmax over the class probabilities, which sharpens them;
            None leaves it out.

    Returns:
        ``sem_seg`` (1, height, width) int64.
    """
    scores = class_logits.float().sigmoid()
    if temperature is not None:
        scores = (scores / temperature).softmax(-1)
    total = mask_logits.new_zeros(scores.shape[1], *frame.output, dtype=torch.float32)
    for start in range(0, len(scores), CHUNK):
        part = slice(start, start + CHUNK)
        prob = resize_masks(mask_logits[part], frame).sigmoid()
        total += torch.einsum("qk,qhw->khw", scores[part], prob)
    return PixelData(sem_seg=total.argmax(0)[None])


def panoptic_result(
    class_logits: Tensor,
    mask_logits: Tensor,
    frame: Frame,
    *,
    num_things_classes: int,
    score_threshold: float,
    overlap_threshold: float,
    temperature: float | None,
) -> PixelData:
    """One segment for each pixel.

    Args:
        class_logits: (Q, K).
        mask_logits: (Q, h, w).
        frame: Sizes.
        num_things_classes: The first classes of K; the others are stuff, one region each.
        score_threshold: Queries below it have no segment.
        overlap_threshold: A segment of which others hide more than the complement of this share
            is dropped.
        temperature: See :func:`semantic_result`; it changes which query wins a pixel.

    Returns:
        ``sem_seg`` (1, height, width) int32: class + number * INSTANCE_OFFSET with number 0 for
        stuff and 1, 2, ... for things; K where there is no segment.
    """
    num_classes = class_logits.shape[1]
    probs = class_logits.float().sigmoid()
    keep = probs.amax(-1) > score_threshold
    if temperature is not None:
        probs = (probs / temperature).softmax(-1)
    scores, labels = probs[keep].max(-1)
    segments = torch.full(frame.output, num_classes, dtype=torch.int32, device=class_logits.device)
    if len(scores):
        masks = resize_masks(mask_logits[keep], frame).sigmoid()
        winner = (scores[:, None, None] * masks).argmax(0)
        number = 0
        for row, label in enumerate(labels.tolist()):
            region = (winner == row) & (masks[row] >= 0.5)
            visible, whole = int((winner == row).sum()), int((masks[row] >= 0.5).sum())
            if not bool(region.any()) or visible / whole < overlap_threshold:
                continue
            if label < num_things_classes:
                number += 1
                segments[region] = label + number * INSTANCE_OFFSET
            else:
                segments[region] = label
    return PixelData(sem_seg=segments[None])
