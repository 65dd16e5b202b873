"""mmdet's Mask R-CNN as the configs have it: losses, gradients, precision, results, learning."""

import copy
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from mmdet.models.detectors import MaskRCNN
from mmdet.structures import DetDataSample
from mmdet.structures.mask import BitmapMasks
from mmengine.config import Config
from torch import Tensor

from argus.models.foreign import build_decoder, library_scope, needs_float32
from argus.models.multitask import MultitaskModel
from tests.learning import expect_above, learn
from tests.models.decoders.co_detr.toy import average_precision
from tests.models.decoders.mask_dino.toy import ToyBackbone
from tests.models.decoders.mask_dino.toy import batch as torch_mask_batch

CONFIG = Path(__file__).parents[3] / "configs/_base_/models/mask_rcnn.py"
WIDTH = 16  # of ToyBackbone
LOSSES = {"loss_rpn_cls", "loss_rpn_bbox", "loss_cls", "loss_bbox", "loss_mask"}


def config() -> dict[str, Any]:
    """The full-size model config with toy widths."""
    model = Config.fromfile(CONFIG).mask_rcnn
    model.neck.update(in_channels=[WIDTH] * 4, out_channels=WIDTH)
    model.rpn_head.update(in_channels=WIDTH, feat_channels=WIDTH)
    model.rpn_head.anchor_generator.scales = [4]
    for extractor in (model.roi_head.bbox_roi_extractor, model.roi_head.mask_roi_extractor):
        extractor.update(out_channels=WIDTH, finest_scale=16)
    model.roi_head.bbox_head.update(in_channels=WIDTH, fc_out_channels=32, num_classes=2)
    model.roi_head.mask_head.update(
        in_channels=WIDTH, conv_out_channels=WIDTH, num_convs=1, num_classes=2
    )
    model.train_cfg.rpn_proposal.update(nms_pre=100, max_per_img=40)
    model.train_cfg.rcnn.sampler.num = 32
    return model


def build() -> MaskRCNN:
    torch.manual_seed(0)
    backbone = ToyBackbone()
    model = build_decoder(config(), backbone, where="test")
    with library_scope("mmdet"):
        model.init_weights()
    model.add_module("toy_backbone", backbone)  # so that an optimizer finds its parameters
    assert type(model) is MaskRCNN
    return model


def batch(
    counts: list[int], sizes: list[tuple[int, int]] | None = None
) -> tuple[Tensor, list[DetDataSample]]:
    images, samples = torch_mask_batch(counts, sizes)
    for sample in samples:
        height, width = sample.batch_input_shape
        masks = np.zeros((len(sample.gt_instances), height, width), np.uint8)
        found = sample.gt_instances.pop("masks").numpy()
        masks[:, : found.shape[1], : found.shape[2]] = found
        sample.gt_instances.masks = BitmapMasks(masks, height, width)
        sample.set_metainfo(dict(pad_shape=(height, width), scale_factor=(1.0, 1.0)))
    return images, samples


def loss(model: MaskRCNN, counts: list[int]) -> tuple[Tensor, dict[str, Tensor]]:
    torch.manual_seed(0)  # sampling of anchors and regions
    total, parts = model.parse_losses(model.train().loss(*batch(counts)))
    return total, {name: value.detach() for name, value in parts.items()}


def test_loss__parts_are_named_and_start_at_chance() -> None:
    model = build()
    total, parts = loss(model, [2, 3])
    assert set(parts) == LOSSES | {"loss", "acc"}
    assert total.isfinite() and total.item() == pytest.approx(sum(float(parts[k]) for k in LOSSES))
    # Object or not, two classes or background, every pixel of a mask: even odds; masks start rough.
    for name, expected, rel in (("rpn_cls", 2, 0.1), ("cls", 3, 0.1), ("mask", 2, 0.5)):
        assert float(parts[f"loss_{name}"]) == pytest.approx(np.log(expected), rel=rel)


def test_every_parameter__gets_a_gradient() -> None:
    model = build()
    loss(model, [2, 3])[0].backward()
    assert [n for n, p in model.named_parameters() if p.grad is None or not p.grad.any()] == []


def test_every_parameter__is_connected_without_objects() -> None:
    """But the mask head, which sees no region then; the multitask model connects it."""
    model = build()
    total, parts = loss(model, [0, 0])
    assert total.isfinite() and float(parts["loss_bbox"]) == float(parts["loss_mask"]) == 0.0
    total.backward()
    without = [n for n, p in model.named_parameters() if p.grad is None]
    assert all(name.startswith("roi_head.mask_head") for name in without)
    assert all(p.grad.isfinite().all() for p in model.parameters() if p.grad is not None)


def test_multitask__connects_what_a_batch_does_not_use() -> None:
    torch.manual_seed(0)
    model = MultitaskModel(ToyBackbone(), {"boxes": config()})
    model.init_weights()
    images, samples = batch([0])
    losses, logs = model({"boxes": dict(inputs=list(images), data_samples=samples)})
    losses["boxes"].backward()
    assert {f"boxes/{name}" for name in LOSSES} <= set(logs)
    assert all(p.grad is None or p.grad.isfinite().all() for p in model.parameters())


def test_autocast__it_runs_in_float32() -> None:
    assert needs_float32(build())  # of mmdet, whose region pooling takes no bfloat16


def test_predict__boxes_and_masks_at_the_original_size() -> None:
    model = build().eval()
    model.test_cfg.rcnn.score_thr = 0.0
    model.roi_head.test_cfg.score_thr = 0.0
    images, samples = batch([1, 1], sizes=[(64, 48), (64, 64)])
    samples[0].set_metainfo(dict(ori_shape=(128, 24), scale_factor=(2.0, 0.5)))
    with torch.no_grad():
        results = model.predict(images, samples)
    for sample, (height, width) in zip(results, [(128, 24), (64, 64)], strict=True):
        found = sample.pred_instances
        assert 0 < len(found) <= 100 and found.masks.dtype == torch.bool
        assert found.masks.shape[1:] == (height, width)
        assert found.bboxes.min() >= 0
        assert (found.bboxes.amax(0) <= torch.tensor([width, height, width, height])).all()


def test_predict__does_not_depend_on_batch_mates() -> None:
    model = build().eval()
    model.roi_head.test_cfg.score_thr = 0.0
    images, samples = batch([2, 3], sizes=[(40, 50), (64, 64)])
    others = images.clone()
    others[1] = torch.randn(others[1].shape, generator=torch.Generator().manual_seed(5))

    def first(x: Tensor) -> Any:
        with torch.no_grad():
            return model.predict(x, copy.deepcopy(samples[: len(x)]))[0].pred_instances

    one = first(images)
    for other in (first(others), first(images[:1])):
        torch.testing.assert_close(one.bboxes, other.bboxes, atol=1e-3, rtol=0)
        torch.testing.assert_close(one.scores, other.scores, atol=1e-5, rtol=0)
        assert torch.equal(one.labels, other.labels)


def test_features__stand_for_images() -> None:
    model = build()
    images, samples = batch([2, 1])
    found = []
    for inputs in (images, model.toy_backbone(images)):
        torch.manual_seed(0)
        found.append(float(model.parse_losses(model.train().loss(inputs, samples))[0].detach()))
    assert found[0] == pytest.approx(found[1], rel=1e-6)


@pytest.mark.trains
def test_training__learns_two_pictures_by_heart() -> None:
    model = build()
    images, samples = batch([2, 3])
    learn(
        model.parameters(),
        lambda: model.parse_losses(model.train().loss(images, samples))[0],
        steps=200,
        rate=4e-3,
    )
    with torch.no_grad():
        results = model.eval().predict(images, copy.deepcopy(samples))
    found = [sample.pred_instances for sample in results]
    precision = average_precision(found, [sample.gt_instances for sample in samples])
    expect_above("Mask R-CNN: box AP", precision, 0.5)
    # The mask of the surest box covers what it should.
    for instances, sample in zip(found, samples, strict=True):
        truth = torch.from_numpy(sample.gt_instances.masks.masks).bool()
        both = (truth & instances.masks[0]).flatten(1).sum(1)
        either = (truth | instances.masks[0]).flatten(1).sum(1)
        expect_above("Mask R-CNN: mask IoU", (both / either).max().item(), 0.4)
