"""The query head: losses of positive queries by formula, soft-NMS by hand."""

import numpy as np
import pytest
import torch
from mmengine.structures import InstanceData
from torchvision.ops import box_convert, box_iou, generalized_box_iou

from argus.models.decoders.co_detr import CoDINOHead
from argus.models.decoders.co_detr.positives import PositiveQueries

from .toy import NUM_CLASSES, WIDTH, build

SHAPES = [(40, 60), (64, 32)]


def positive_queries() -> PositiveQueries:
    generator = torch.Generator().manual_seed(0)
    boxes = 0.2 + 0.3 * torch.rand(2, 6, 4, generator=generator)
    targets = boxes + 0.05 * torch.randn(2, 6, 4, generator=generator)
    labels = torch.tensor([[0, 1, 1, 2, 2, 2], [1, 0, 2, 2, 2, 2]])
    targets[labels == NUM_CLASSES] = 0
    is_counted = torch.ones(2, 6, dtype=torch.bool)
    is_counted[1, 4:] = False
    return PositiveQueries(boxes, labels, targets, is_counted, NUM_CLASSES)


def head() -> CoDINOHead:
    return build().bbox_head


def test_loss_positives__equals_the_formula() -> None:
    model, queries = head(), positive_queries()
    generator = torch.Generator().manual_seed(1)
    states = torch.randn(2, 2, 6, WIDTH, generator=generator)
    references = [queries.boxes, queries.boxes * 0.9, queries.boxes * 0.8]
    for branch in model.reg_branches:
        torch.nn.init.normal_(branch[-1].weight, std=0.05, generator=generator)
    metas = [dict(img_shape=shape) for shape in SHAPES]
    losses = model.loss_positives(states, references, queries, metas)
    assert set(losses) == {
        *("loss_cls", "loss_bbox", "loss_iou"),
        *("d0.loss_cls", "d0.loss_bbox", "d0.loss_iou"),
    }
    all_logits, all_boxes = model(states, references)
    for prefix, logits, boxes in zip(("d0.", ""), all_logits, all_boxes, strict=True):
        cls = l1 = giou = 0.0
        for image, (height, width) in enumerate(SHAPES):
            scale = torch.tensor([width, height, width, height])
            for query in range(6):
                label = int(queries.labels[image, query])
                wanted = torch.zeros(NUM_CLASSES)
                if label < NUM_CLASSES:
                    pair = torch.stack([boxes[image, query], queries.targets[image, query]])
                    corners = box_convert(pair, "cxcywh", "xyxy")
                    wanted[label] = box_iou(corners[:1], corners[1:]).detach()
                    l1 += (pair[0] - pair[1]).abs().sum().item()
                    pixels = corners * scale
                    giou += (1 - generalized_box_iou(pixels[:1], pixels[1:])).item()
                if queries.is_counted[image, query]:
                    p = logits[image, query].sigmoid()
                    entropy = -(wanted * p.log() + (1 - wanted) * (1 - p).log())
                    cls += ((wanted - p).abs() ** 2 * entropy).sum().item()
        num_positives = 5
        for name, expected in (("cls", cls), ("bbox", 5 * l1), ("iou", 2 * giou)):
            found = losses[f"{prefix}loss_{name}"].item()
            assert found == pytest.approx(expected / num_positives, rel=1e-4), name


def test_loss_positives__no_object_in_the_batch() -> None:
    queries = positive_queries()
    empty = PositiveQueries(
        queries.boxes,
        torch.full_like(queries.labels, NUM_CLASSES),
        torch.zeros_like(queries.targets),
        queries.is_counted,
        NUM_CLASSES,
    )
    states = torch.randn(2, 2, 6, WIDTH)
    metas = [dict(img_shape=shape) for shape in SHAPES]
    losses = head().loss_positives(states, [queries.boxes] * 3, empty, metas)
    assert losses["loss_bbox"].item() == losses["loss_iou"].item() == 0.0
    assert torch.isfinite(losses["loss_cls"]) and losses["loss_cls"] > 0


def predict(model: CoDINOHead, logits: torch.Tensor, boxes: torch.Tensor) -> InstanceData:
    meta = dict(img_shape=(50, 100), scale_factor=(0.5, 0.25))
    return model._predict_by_feat_single(logits, boxes, meta)


def test_predict__soft_nms_lowers_the_scores_of_double_boxes() -> None:
    model = head()
    model.test_cfg.max_per_img = 3
    boxes = torch.tensor([[0.5, 0.5, 0.4, 0.4], [0.5, 0.5, 0.4, 0.38], [0.2, 0.2, 0.1, 0.1]])
    logits = torch.tensor([[2.0, -9.0], [1.0, -9.0], [-9.0, 0.5]])
    results = predict(model, logits, boxes)
    by_hand = torch.sigmoid(torch.tensor([2.0, 1.0, 0.5])).numpy()
    by_hand[1] *= 1 - 0.95  # IoU of the two boxes is 0.38 / 0.40: linear decay
    order = np.argsort(-by_hand)
    np.testing.assert_allclose(results.scores.numpy(), by_hand[order], rtol=1e-4)
    assert results.labels.tolist() == [[0, 0, 1][i] for i in order]
    # Pixels of the original image, which is twice as wide and four times as high.
    expected = torch.tensor([60.0, 60.0, 140.0, 140.0])
    torch.testing.assert_close(results.bboxes[0], expected)


def test_predict__without_nms_is_mmdets() -> None:
    model = head()
    generator = torch.Generator().manual_seed(0)
    logits = torch.randn(20, NUM_CLASSES, generator=generator)
    boxes = torch.rand(20, 4, generator=generator)
    model.test_cfg.pop("nms")
    results = predict(model, logits, boxes)
    assert len(results) == 10 and (results.scores.diff() <= 0).all()
    torch.testing.assert_close(results.scores, logits.sigmoid().flatten().topk(10).values)
