"""Co-DETR with masks: the loss against torchvision, where its gradient goes, what is predicted."""

import copy

import pytest
import torch
from mmdet.structures import DetDataSample
from mmdet.structures.mask import BitmapMasks
from mmengine.structures import InstanceData
from torchvision.ops import box_iou, roi_align

from argus.export.heads.detr import DETRExport
from argus.models.decoders.co_detr import CoDETRInstance, QueryMaskBranch
from tests.learning import expect_above, learn
from tests.models.decoders.mask_dino.toy import perturb

from .toy import WIDTH, batch, build, total

STRIDES = (4, 8, 16, 32, 64)


@pytest.fixture
def model() -> CoDETRInstance:
    model = build(masks=True)
    perturb(model)
    return model


def pyramid(side: int, images: int = 1) -> list[torch.Tensor]:
    generator = torch.Generator().manual_seed(0)
    return [
        torch.randn(images, WIDTH, side // stride, side // stride, generator=generator)
        for stride in STRIDES
    ]


def sample_of(boxes: list[list[float]], labels: list[int], side: int) -> DetDataSample:
    """Ellipses in the boxes."""
    y, x = torch.meshgrid(torch.arange(side) + 0.5, torch.arange(side) + 0.5, indexing="ij")
    masks = [
        ((x - (x0 + x1) / 2) / (x1 - x0)) ** 2 + ((y - (y0 + y1) / 2) / (y1 - y0)) ** 2 < 0.25
        for x0, y0, x1, y1 in boxes
    ]
    sample = DetDataSample(metainfo=dict(img_shape=(side, side)))
    sample.gt_instances = InstanceData(
        bboxes=torch.tensor(boxes),
        labels=torch.tensor(labels),
        masks=BitmapMasks(torch.stack(masks).to(torch.uint8).numpy(), side, side),
    )
    return sample


def test_loss_of_boxes__equals_torchvision_and_the_formula(model: CoDETRInstance) -> None:
    branch, maps = model.mask_branch, pyramid(128)
    sample = sample_of([[10.0, 20.0, 60.0, 90.0], [70.0, 64.0, 100.0, 84.0]], [1, 0], 128)
    objects = sample.gt_instances
    predicted = torch.tensor(
        [[12.0, 22.0, 64.0, 88.0], [0.0, 0.0, 20.0, 20.0], [72.0, 60.0, 99.0, 80.0]]
    )
    expected = []
    boxes = torch.cat([objects.bboxes, predicted])
    overlaps, owners = box_iou(boxes, objects.bboxes).max(1)
    assert (overlaps >= 0.5).tolist() == [True, True, True, False, True]
    for box, owner in zip(boxes[overlaps >= 0.5], owners[overlaps >= 0.5], strict=True):
        # A region of 16 px is for the finest map, of twice that for the next.
        level = int((box[2:] - box[:2]).prod().sqrt().div(16).add(1e-6).log2().clamp(0, 4))
        region = [torch.cat([box.new_zeros(1), box])[None]]
        features = roi_align(maps[level], region[0], 14, 1 / STRIDES[level], -1, aligned=True)
        logits = branch.mask_head(features)[0, objects.labels[owner]]
        mask = torch.from_numpy(objects.masks.masks[owner]).float()[None, None]
        target = roi_align(mask, region[0], 28, 1.0, -1, aligned=True)[0, 0] >= 0.5
        entropy = torch.nn.functional.binary_cross_entropy_with_logits(logits, target.float())
        expected.append(entropy)
    found = branch.loss_of_boxes(maps, [predicted], [sample])
    torch.testing.assert_close(found["loss_mask"].squeeze(), torch.stack(expected).mean())


def test_last_boxes__are_those_of_the_head(model: CoDETRInstance) -> None:
    states, start = torch.randn(2, 1, 5, WIDTH), torch.rand(1, 5, 4)
    references = [start, start * 0.9, start * 0.8]
    _, boxes = model.bbox_head(states, references)
    assert torch.equal(model.bbox_head.last_boxes(states, references), boxes[-1])


def test_loss__adds_that_of_the_masks_and_changes_no_other(model: CoDETRInstance) -> None:
    plain = build()
    own = model.state_dict()
    plain.load_state_dict({key: own[key] for key in plain.state_dict()})
    torch.manual_seed(0)
    expected = plain.train().loss(*batch([2, 3]))
    images, samples = batch([2, 3], masks=True)
    torch.manual_seed(0)
    found = model.train().loss(images, samples)
    assert set(found) - set(expected) == {"mask.loss_mask"}
    for name, value in expected.items():
        torch.testing.assert_close(found[name], value)

    model.encoder_weight *= 3
    torch.manual_seed(0)
    tripled = model.loss(images, samples)["mask.loss_mask"]
    torch.testing.assert_close(tripled, 3 * found["mask.loss_mask"])

    model.zero_grad()
    found["mask.loss_mask"].backward()
    reached = {name for name, p in model.named_parameters() if p.grad is not None and p.grad.any()}
    assert {name.split(".")[0] for name in reached} >= {"mask_branch", "encoder", "neck"}
    # Boxes are constants to the masks.
    assert not {name.split(".")[0] for name in reached} & {"bbox_head", "decoder"}


def test_loss__is_connected_without_objects(model: CoDETRInstance) -> None:
    losses = model.train().loss(*batch([0, 0], masks=True))
    assert losses["mask.loss_mask"] == 0
    total(losses).backward()
    assert all(p.grad is not None and p.grad.isfinite().all() for p in model.parameters())


def test_predict__masks_lie_in_the_boxes_of_the_detector(model: CoDETRInstance) -> None:
    plain = build().eval()
    own = model.eval().state_dict()
    plain.load_state_dict({key: own[key] for key in plain.state_dict()})
    images, samples = batch([1, 1], sizes=[(64, 48), (64, 64)])
    samples[0].set_metainfo(dict(ori_shape=(128, 24), scale_factor=(2.0, 0.5)))
    with torch.no_grad():
        expected = plain.predict(images, copy.deepcopy(samples))
        found = model.predict(images, samples)
    num_pixels = 0
    for sample, other in zip(found, expected, strict=True):
        results = sample.pred_instances
        torch.testing.assert_close(results.bboxes, other.pred_instances.bboxes)
        assert torch.equal(results.scores, other.pred_instances.scores)
        assert results.masks.dtype == torch.bool
        assert results.masks.shape == (len(results), *sample.ori_shape)
        for mask, (x0, y0, x1, y1) in zip(results.masks, results.bboxes, strict=True):
            rows, columns = mask.nonzero(as_tuple=True)
            num_pixels += len(rows)
            if len(rows):
                assert rows.min() >= y0 - 1 and rows.max() <= y1
                assert columns.min() >= x0 - 1 and columns.max() <= x1
    assert num_pixels


def test_export__says_that_it_has_none() -> None:
    assert "CoDETRInstance takes other steps" in DETRExport.why_not(build(masks=True))


@pytest.mark.trains
def test_branch__learns_the_shape_of_an_object() -> None:
    torch.manual_seed(0)
    branch: QueryMaskBranch = build(masks=True).mask_branch
    maps, box = pyramid(64), [8.0, 12.0, 56.0, 50.0]
    sample = sample_of([box], [0], 64)
    boxes = [torch.tensor([box])]
    learn(
        branch.parameters(),
        lambda: branch.loss_of_boxes(maps, boxes, [sample])["loss_mask"],
        steps=60,
        rate=5e-3,
    )
    results = InstanceData(bboxes=boxes[0].clone(), labels=torch.tensor([0]))
    meta = dict(ori_shape=(64, 64), img_shape=(64, 64), scale_factor=(1.0, 1.0))
    with torch.no_grad():
        (found,) = branch.predict_mask(maps, [meta], [results])
    truth = torch.from_numpy(sample.gt_instances.masks.masks[0]).bool()
    overlap = float((found.masks[0] & truth).sum() / (found.masks[0] | truth).sum())
    expect_above("Co-DETR: IoU of a mask", overlap, 0.7)
