"""Ground truth of mmdet's data samples as padded tensors; stuff regions become instances too."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from mmdet.structures import DetDataSample
from mmdet.structures.bbox import bbox_xyxy_to_cxcywh, get_box_tensor
from mmdet.structures.mask import PolygonMasks
from torch import Tensor

from argus.errors import DataError
from argus.names.wording import counted

from .structures import Targets

# Where there is no instance, a harmless box: its logits are finite.
PADDING_BOX = (0.5, 0.5, 0.5, 0.5)


def collect_targets(
    samples: Sequence[DetDataSample],
    *,
    canvases: Sequence[tuple[int, int]],
    batch_shape: tuple[int, int],
    device: torch.device,
    num_things_classes: int,
    num_stuff_classes: int,
) -> Targets:
    """Gather the ground truth of a batch.

    Labels on a GPU are not looked at, which would stall it; a wrong one ends in a device assertion.
    Put ``CheckLabel(num_things_classes)`` after ``LoadAnnotations`` in the pipeline.
    ``CocoInstances`` keeps labels below the number of its own classes, whatever the decoder has.

    Args:
        samples: With ``gt_instances`` (``labels``, ``bboxes`` xyxy pixels, ``masks``) and, for
            models with stuff classes, ``gt_sem_seg`` (values from ``num_things_classes`` on are
            stuff, others are ignored).
        canvases: (height, width) per image, pixels, which its boxes are relative to.
        batch_shape: (height, width) of the padded batch, pixels.
        device: Where the result lives.
        num_things_classes: Classes with instances.
        num_stuff_classes: Classes of which an image has one region at most.

    Raises:
        DataError: Instances without masks, or a label on the CPU outside the classes.
    """
    labels, boxes, masks = [], [], []
    stuff = range(num_things_classes, num_things_classes + num_stuff_classes)
    found = _stuff_labels(samples, stuff, device) if stuff else [()] * len(samples)
    for sample, canvas, present in zip(samples, canvases, found, strict=True):
        parts = [_things(sample, canvas, batch_shape, device, num_things_classes)]
        if present:
            parts.append(_stuff(sample, canvas, batch_shape, device, present))
        labels.append(torch.cat([part[0] for part in parts]))
        boxes.append(torch.cat([part[1] for part in parts]))
        masks.append(torch.cat([part[2] for part in parts]))

    counts = tuple(len(x) for x in labels)
    largest = max(counts)
    padded_labels = torch.stack([F.pad(x, (0, largest - len(x))) for x in labels])
    padding_box = torch.tensor(PADDING_BOX).to(device, non_blocking=True)
    padded_boxes = torch.stack(
        [torch.cat([x, padding_box.expand(largest - len(x), 4)]) for x in boxes]
    )
    slots = torch.arange(largest)
    num_each = torch.tensor(counts)
    valid = slots < num_each[:, None]  # (B, T) on the host
    first_row = num_each.cumsum(0) - num_each
    mask_index = (first_row[:, None] + slots) * valid
    return Targets(
        padded_labels,
        padded_boxes,
        valid.to(device, non_blocking=True),
        torch.cat(masks),
        mask_index.to(device, non_blocking=True),
        counts,
    )


def image_shape(sample: DetDataSample, batch_shape: tuple[int, int]) -> tuple[int, int]:
    """(height, width) of the image without padding; that of the batch if the sample has none."""
    height, width = sample.metainfo.get("img_shape", batch_shape)[:2]
    return min(int(height), batch_shape[0]), min(int(width), batch_shape[1])


def _things(
    sample: DetDataSample,
    canvas: tuple[int, int],
    batch_shape: tuple[int, int],
    device: torch.device,
    num_classes: int,
) -> tuple[Tensor, Tensor, Tensor]:
    """Labels (n,), boxes (n, 4) relative to the canvas, masks (n, H, W) of the instances."""
    instances = sample.gt_instances if "gt_instances" in sample else None
    if instances is None or len(instances) == 0:
        empty = torch.zeros(0, device=device)
        return (
            empty.long(),
            empty.reshape(0, 4),
            empty.bool().reshape(0, *batch_shape),
        )
    where = sample.metainfo.get("img_path", "a sample")
    if "masks" not in instances:
        raise DataError(
            f"Mask DINO: {where} has {counted(len(instances), 'instance')} but no masks; load them "
            "with LoadAnnotations(with_bbox=True, with_mask=True)."
        )
    if not instances.labels.is_cuda:  # on a GPU this would stall the stream: CheckLabel looks
        _check_labels_on_host(instances.labels, num_classes, where)
    height, width = canvas
    scale = torch.tensor([width, height, width, height]).to(device, non_blocking=True)
    boxes = get_box_tensor(instances.bboxes).to(device).float() / scale
    masks = _bitmaps(instances.masks, device)
    return (
        instances.labels.to(device).long(),
        bbox_xyxy_to_cxcywh(boxes).clamp(0, 1),
        _pad(masks, batch_shape),
    )


def _check_labels_on_host(labels: Tensor, num_classes: int, where: str) -> None:
    """Refuse labels (n,) outside the classes."""
    low, high = int(labels.min()), int(labels.max())
    if low < 0 or high >= num_classes:
        raise DataError(
            f"Mask DINO: {where} has labels from {low} to {high}, but the decoder has classes "
            f"0 to {num_classes - 1}; give decoder and data set the same classes."
        )


def _stuff_labels(
    samples: Sequence[DetDataSample], classes: range, device: torch.device
) -> list[Sequence[int]]:
    """The stuff classes of each image; waits for the device once."""
    tables = [torch.zeros(len(classes) + 1, dtype=torch.bool, device=device) for _ in samples]
    for sample, table in zip(samples, tables, strict=True):
        if "gt_sem_seg" in sample:
            seg = sample.gt_sem_seg.sem_seg.to(device).flatten().long()
            is_stuff = (seg >= classes.start) & (seg < classes.stop)
            table.index_fill_(0, torch.where(is_stuff, seg - classes.start, len(classes)), True)
    is_present = torch.stack(tables)[:, :-1].tolist()
    return [[c for c, here in zip(classes, row, strict=True) if here] for row in is_present]


def _stuff(
    sample: DetDataSample,
    canvas: tuple[int, int],
    batch_shape: tuple[int, int],
    device: torch.device,
    present: Sequence[int],
) -> tuple[Tensor, Tensor, Tensor]:
    """Labels, boxes and masks of the stuff regions of an image, of the classes ``present``."""
    seg = sample.gt_sem_seg.sem_seg[0].to(device)
    labels = torch.tensor(present).to(device, non_blocking=True)
    masks = seg == labels[:, None, None]
    height, width = canvas
    boxes = torch.stack(
        [*_span(masks.any(1), width), *_span(masks.any(2), height)], -1
    )  # (n, 4) as x low, x high, y low, y high
    boxes = bbox_xyxy_to_cxcywh(boxes[:, [0, 2, 1, 3]]).clamp(0, 1)
    return labels, boxes, _pad(masks, batch_shape)


def _span(occupied: Tensor, size: int) -> tuple[Tensor, Tensor]:
    """First and last True of (n, cells) as pixel borders, divided by ``size``."""
    cells = torch.arange(occupied.shape[1], device=occupied.device)
    low = torch.where(occupied, cells, occupied.shape[1]).amin(-1)
    high = torch.where(occupied, cells + 1, 0).amax(-1)
    return low / size, high / size


def _bitmaps(masks: Any, device: torch.device) -> Tensor:
    """Masks of mmdet (bitmaps, polygons) or a tensor as (n, h, w) bool."""
    if isinstance(masks, PolygonMasks):
        masks = masks.to_bitmap()
    bitmaps = (
        masks if isinstance(masks, Tensor) else torch.from_numpy(np.ascontiguousarray(masks.masks))
    )
    if device.type == "cuda" and bitmaps.device.type == "cpu":
        bitmaps = bitmaps.pin_memory()  # a copy from other memory waits for what runs before it
    return bitmaps.to(device, non_blocking=True).bool()


def _pad(masks: Tensor, batch_shape: tuple[int, int]) -> Tensor:
    """Pad (n, h, w) right and below to the shape of the batch."""
    height, width = masks.shape[-2:]
    return F.pad(masks, (0, batch_shape[1] - width, 0, batch_shape[0] - height))
