"""Auxiliary heads: mmdet's losses unchanged, and the assignments that made them."""

from collections.abc import Iterator

import pytest
import torch
from mmdet.models.dense_heads import ATSSHead
from mmdet.models.roi_heads import StandardRoIHead
from mmdet.registry import MODELS
from mmdet.structures.bbox import bbox_overlaps
from mmengine.registry import DefaultScope
from torch import nn

from argus.models.decoders.co_detr.auxiliary import _without_classes

from .toy import NUM_CLASSES, WIDTH, batch, config


@pytest.fixture(autouse=True)
def mmdet_scope() -> Iterator[None]:
    with DefaultScope.overwrite_default_scope("mmdet"):
        yield


def heads() -> dict:
    return config().auxiliary_heads


def build(head_config: dict) -> nn.Module:
    torch.manual_seed(0)
    return MODELS.build(head_config)


def pyramid() -> list[torch.Tensor]:
    generator = torch.Generator().manual_seed(1)
    sides = (16, 8, 4, 2, 1, 1)
    return [torch.randn(2, WIDTH, side, side, generator=generator) for side in sides]


def test_atss__losses_are_those_of_mmdet() -> None:
    head = build(heads().atss)
    stock = build({**heads().atss, "type": ATSSHead})
    stock.load_state_dict(head.state_dict())
    _, samples = batch([2, 3])
    expected = stock.loss(pyramid(), samples)
    found = head.collaborate(pyramid(), samples)
    assert set(found.losses) == set(expected) == {"loss_cls", "loss_bbox", "loss_centerness"}
    for name, parts in expected.items():
        for ours, theirs in zip(found.losses[name], parts, strict=True):
            assert torch.equal(ours, theirs)
    assert head._sampled is None  # no anchors are kept


def test_atss__sampled_are_the_positives_of_its_targets() -> None:
    head = build(heads().atss)
    _, samples = batch([2, 3])
    sampled = head.collaborate(pyramid(), samples).sampled
    assert len(sampled) == 2
    sizes = [x.shape[-2:] for x in pyramid()]
    anchors, flags = head.get_anchors(sizes, [s.metainfo for s in samples], device="cpu")
    targets = head.get_targets(
        anchors, flags, [s.gt_instances for s in samples], [s.metainfo for s in samples]
    )
    all_anchors, all_labels, _, all_boxes = (torch.cat(x, 1) for x in targets[:4])
    for image, result in enumerate(sampled):
        positive = all_labels[image] < NUM_CLASSES
        assert int(positive.sum()) == len(result.pos_priors) > 0
        assert torch.equal(all_anchors[image][positive], result.pos_priors)
        assert torch.equal(all_labels[image][positive], result.pos_gt_labels)
        assert torch.equal(all_boxes[image][positive], result.pos_gt_bboxes)
        assert len(result.pos_priors) + len(result.neg_priors) == all_anchors.shape[1]


def test_roi_head__losses_are_those_of_mmdet_and_sampled_overlap() -> None:
    head = build(heads().rcnn).roi_head
    stock = build({**heads().rcnn.roi_head, "type": StandardRoIHead})
    stock.load_state_dict(head.state_dict())
    _, samples = batch([2, 3])

    def proposals() -> list:
        objects = [sample.gt_instances.clone() for sample in samples]
        for one in objects:
            one.bboxes = one.bboxes + 2.0
            one.scores = torch.ones(len(one))
        return objects

    torch.manual_seed(3)
    expected = stock.loss(pyramid(), proposals(), samples)
    torch.manual_seed(3)
    output = head.collaborate(pyramid(), proposals(), samples)
    assert set(output.losses) == set(expected) == {"loss_cls", "loss_bbox", "acc"}
    for name, value in expected.items():
        assert torch.equal(output.losses[name], value)
    for result, sample in zip(output.sampled, samples, strict=True):
        objects = sample.gt_instances.bboxes
        overlaps = bbox_overlaps(result.pos_priors, result.pos_gt_bboxes, is_aligned=True)
        assert (overlaps >= 0.5).all()
        # The objects themselves are among the proposals of training.
        assert (torch.cdist(objects, result.pos_priors).amin(1) == 0).all()
    assert head._sampled is None


def test_faster_rcnn__images_without_objects() -> None:
    model = build(heads().rcnn)
    _, samples = batch([0, 0])
    output = model.collaborate(pyramid(), samples)
    assert [len(result.pos_priors) for result in output.sampled] == [0, 0]
    assert all(len(result.neg_priors) > 0 for result in output.sampled)
    assert set(output.losses) == {"loss_rpn_cls", "loss_rpn_bbox", "loss_cls", "loss_bbox", "acc"}
    assert output.losses["loss_bbox"].item() == 0.0


def test_region_proposals__see_one_class_and_leave_the_labels() -> None:
    _, samples = batch([2, 3])
    before = samples[1].gt_instances.labels.clone()
    objects = _without_classes(samples[1])
    assert not objects.gt_instances.labels.any() and len(objects.gt_instances) == len(before)
    assert torch.equal(samples[1].gt_instances.labels, before)
    assert objects.img_shape == samples[1].img_shape
