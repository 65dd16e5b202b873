"""The whole detector: modes, padding, precision, gradients, learning."""

import pytest
import torch
from mmdet.models.data_preprocessors import DetDataPreprocessor
from mmengine.registry import DefaultScope
from mmengine.structures import PixelData
from torch import Tensor

from argus.errors import ConfigError, DataError
from argus.models.decoders.mask_dino import MaskDINOHead, MaskDINOPixelEncoder
from tests.learning import expect_below, learn

from .toy import ToyBackbone, batch, build, perturb


def total(losses: dict[str, torch.Tensor]) -> torch.Tensor:
    return torch.stack(list(losses.values())).sum()


def test_parameters__full_size_anchor() -> None:
    common = dict(embed_dim=256, mask_dim=256)
    encoder = MaskDINOPixelEncoder(in_channels=[768] * 4, **common)
    head = MaskDINOHead(num_classes=80, **common)
    counts = [sum(p.numel() for p in m.parameters()) for m in (encoder, head)]
    d, f, heads, levels, points = 256, 2048, 8, 3, 4
    samples = heads * levels * points
    msda = d * samples * 3 + samples * 3 + 2 * (d * d + d)
    ffn, norm = 2 * d * f + d + f, 2 * d
    lateral = 768 * d + norm
    expected_encoder = 3 * (768 * d + d + norm) + levels * d + 6 * (msda + ffn + 2 * norm)
    expected_encoder += lateral + 9 * d * d + norm + d * d + d
    attention = 4 * (d * d + d)
    expected_head = 9 * (attention + msda + ffn + 3 * norm) + norm  # layers and their norm
    expected_head += 2 * d * d + d + d * d + d  # position code of boxes
    expected_head += d * d + d + norm + 80 * d + 80 * d + 80  # tokens, labels, classes
    expected_head += 3 * (d * d + d) + 2 * (d * d + d) + 4 * d + 4  # masks, boxes
    assert counts == [expected_encoder, expected_head] == [8_991_168, 14_325_620]


def test_every_parameter__gets_a_gradient() -> None:
    model = build()
    perturb(model)
    total(model.loss(*batch([2, 3]))).backward()
    without = [n for n, p in model.named_parameters() if p.grad is None or not p.grad.any()]
    assert without == []


@pytest.mark.parametrize("box_start", ["mask", "token"])
def test_every_parameter__is_connected_without_instances(box_start: str) -> None:
    model = build(head=dict(box_start=box_start))
    loss = total(model.loss(*batch([0, 0])))
    loss.backward()
    assert torch.isfinite(loss)
    assert [n for n, p in model.named_parameters() if p.grad is None] == []
    assert all(torch.isfinite(p.grad).all() for p in model.parameters())


def test_loss__an_image_without_instances_is_background() -> None:
    model = build(criterion=dict(num_points=None))
    losses = model.loss(*batch([2, 0, 1]))
    assert all(torch.isfinite(v) for v in losses.values())
    empty = model.loss(*batch([0]))
    assert empty["loss_class"] > 0
    for name in ("mask", "dice", "box", "giou", "denoising"):
        assert empty[f"loss_{name}"].item() == 0.0


def test_predict__results_have_the_original_shape() -> None:
    model = build(test_cfg=dict(semantic_on=True, panoptic_on=True, max_per_image=7)).eval()
    perturb(model)
    images, samples = batch([1, 1], sizes=[(60, 50), (64, 64)])
    samples[0].set_metainfo(dict(ori_shape=(90, 75)))
    with torch.no_grad():
        results = model.predict(images, samples)
    for sample, (height, width) in zip(results, [(90, 75), (64, 64)], strict=True):
        instances = sample.pred_instances
        assert instances.masks.shape == (7, height, width)
        assert instances.masks.dtype == torch.bool
        assert instances.bboxes.min() >= 0
        assert (instances.bboxes.amax(0) <= torch.tensor([width, height, width, height])).all()
        assert sample.pred_sem_seg.sem_seg.shape == (1, height, width)
        assert sample.pred_panoptic_seg.sem_seg.shape == (1, height, width)
    assert model.predict(images, samples, rescale=False)[0].pred_instances.masks.shape[1:] == (
        60,
        50,
    )


def test_predict__does_not_depend_on_batch_mates() -> None:
    model = build().eval()
    perturb(model)
    images, samples = batch([2, 3, 1], sizes=[(40, 50), (64, 64), (64, 30)])
    others = images.clone()
    others[1:] = torch.randn(others[1:].shape, generator=torch.Generator().manual_seed(5))
    with torch.no_grad():
        one = model._forward(images, samples)
        two = model._forward(others, samples)
        alone = model._forward(images[:1], samples[:1])
    for a, b, c in zip(one, two, alone, strict=True):
        torch.testing.assert_close(a[0], b[0], atol=1e-4, rtol=0)
        torch.testing.assert_close(a[0], c[0], atol=1e-4, rtol=0)
        assert not torch.allclose(a[1], b[1], atol=1e-2)


def test_padding__is_not_attended() -> None:
    model = build().eval()
    perturb(model)
    images, samples = batch([2], sizes=[(64, 64)])
    samples[0].set_metainfo(dict(img_shape=(64, 32)))
    features = model.extract_feat(images)
    encoder = model.pixel_encoder
    ratios = torch.tensor([[0.5, 1.0]])
    # GroupNorm sees the padding, so the change must leave each map's statistics alone: a
    # permutation of the padded cells does.
    changed = []
    for x in features:
        half = x.shape[-1] // 2
        changed.append(torch.cat([x[..., :half], x[..., half:].flip(-2)], -1))
    with torch.no_grad():
        one = encoder(features, ratios, is_padded=True)
        two = encoder(changed, ratios, is_padded=True)
        valid = ~one.padding_mask
        torch.testing.assert_close(one.tokens[valid], two.tokens[valid], atol=1e-5, rtol=0)
        assert not torch.allclose(one.tokens, two.tokens, atol=1e-2)
    assert (one.points[valid] < 1).all()
    # Mask-enhanced boxes read the mask feature, whose 3 x 3 convolution crosses the border.
    model.head.box_start = "token"
    with torch.no_grad():
        boxes = [model.head(e).decoded.boxes for e in (one, two)]
    torch.testing.assert_close(boxes[0], boxes[1], atol=1e-4, rtol=0)


def test_autocast__stays_close_to_float32() -> None:
    model = build(criterion=dict(num_points=None), head=dict(num_denoising=0, box_start="token"))
    images, samples = batch([2, 3])
    full = model.loss(images, samples)
    with torch.autocast("cpu", torch.bfloat16):
        half = model.loss(images, samples)
    for name, value in full.items():
        assert half[name].dtype == torch.float32
        torch.testing.assert_close(half[name], value, rtol=0.1, atol=0.05)
    total(half).backward()
    assert all(torch.isfinite(p.grad).all() for p in model.parameters() if p.grad is not None)


def test_four_scales__and_extra_levels() -> None:
    model = build(encoder=dict(levels=(0, 1, 2, 3), num_extra_levels=2))
    assert model.pixel_encoder.num_levels == 6
    total(model.loss(*batch([2]))).backward()
    assert [n for n, p in model.named_parameters() if p.grad is None] == []


def test_stuff__semantic_regions_become_targets() -> None:
    from .toy import targets_of

    images, samples = batch([2])
    semantic = torch.full((1, 64, 64), 255)
    semantic[:, 40:] = 3  # the first stuff class after three things
    semantic[:, :10] = 1  # a thing: its instances tell
    samples[0].gt_sem_seg = PixelData(sem_seg=semantic)
    targets = targets_of(samples, num_things_classes=3, num_stuff_classes=2)
    assert targets.counts == (3,)
    assert targets.labels[0, -1] == 3
    assert torch.equal(targets.masks[-1], semantic[0] == 3)
    expected = torch.tensor([0.5, 52 / 64, 1.0, 24 / 64])
    torch.testing.assert_close(targets.boxes[0, -1], expected)
    model = build(num_stuff_classes=2)
    assert model.num_classes == 5
    assert torch.isfinite(total(model.loss(images, samples)))


def test_data_preprocessor__of_mmdet_feeds_the_model() -> None:
    import numpy as np
    from mmdet.structures.mask import BitmapMasks

    model = build()
    _, samples = batch([2, 1], sizes=[(40, 50), (64, 40)])
    for sample in samples:
        masks = sample.gt_instances.pop("masks").numpy().astype(np.uint8)
        sample.gt_instances.masks = BitmapMasks(masks, *masks.shape[1:])
    data = dict(
        inputs=[torch.randint(0, 255, (3, *s.img_shape), dtype=torch.uint8) for s in samples],
        data_samples=samples,
    )
    with DefaultScope.overwrite_default_scope("mmdet"):
        preprocessor = DetDataPreprocessor(
            mean=[120.0] * 3, std=[60.0] * 3, pad_mask=True, pad_size_divisor=32
        )
        ready = preprocessor(data, training=True)
        losses = model(**ready, mode="loss")
    assert torch.isfinite(total(losses))


def test_errors__say_what_to_do() -> None:
    with pytest.raises(ConfigError, match="max_per_img.*max_per_image"):
        build(test_cfg=dict(max_per_img=3))
    with pytest.raises(ConfigError, match="box_start.*'boxes'"):
        build(head=dict(box_start="boxes"))
    with pytest.raises(ConfigError, match=r"levels.*\(1, 2, 3\)"):
        build(encoder=dict(levels=(2, 1)))
    images, samples = batch([2])
    with pytest.raises(DataError, match="labels from 0 to 1.*classes 0 to 0"):
        build(num_things_classes=1).loss(images, samples)
    samples[0].gt_instances.pop("masks")
    with pytest.raises(DataError, match="with_mask=True"):
        build().loss(images, samples)


@pytest.mark.trains
def test_training__overfits_four_pictures() -> None:
    model = build(
        num_things_classes=2,
        head=dict(num_queries=8, box_start="token"),
        criterion=dict(num_points=None),
    )
    assert isinstance(model.backbone, ToyBackbone)
    images, samples = batch([2, 2, 1, 2])

    def loss() -> Tensor:
        torch.manual_seed(0)  # the same noise: the loss falls smoothly
        return total(model.loss(images, samples))

    history = learn(model.parameters(), loss, steps=80, rate=4e-3)
    expect_below("Mask DINO: loss of its first", history[-1] / history[0], 0.4)
