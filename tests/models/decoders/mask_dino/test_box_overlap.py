"""GIoU against mmdet's, bit for bit."""

import torch
from mmdet.structures.bbox import bbox_cxcywh_to_xyxy, bbox_overlaps

from argus.models.decoders.mask_dino.box_overlap import generalized_iou


def test_generalized_iou__equals_mmdet_bit_for_bit() -> None:
    boxes, others = torch.rand(2, 2, 6, 4, generator=torch.Generator().manual_seed(0))
    boxes[0, 0, 2:] = 0  # a point
    others[0, 0] = boxes[0, 0]
    corners = bbox_cxcywh_to_xyxy(boxes), bbox_cxcywh_to_xyxy(others)
    assert torch.equal(
        generalized_iou(boxes[:, :, None], others[:, None]), bbox_overlaps(*corners, mode="giou")
    )
    aligned = bbox_overlaps(*corners, mode="giou", is_aligned=True)
    assert torch.equal(generalized_iou(boxes, others), aligned)
