"""The whole detector: losses and their weights, gradients, modes, padding, precision, learning."""

import copy

import pytest
import torch
from mmdet.models.dense_heads import DINOHead
from mmdet.models.detectors import DINO
from mmengine.structures import InstanceData

from argus.errors import ConfigError
from argus.models.decoders.co_detr import CoDETR
from argus.models.foreign import build_decoder, library_scope
from tests.learning import expect_above, learn
from tests.models.decoders.mask_dino.toy import perturb

from .toy import average_precision, batch, build, config, total

# Levels of which no anchor is assigned: their factor of the box offsets is used, but on nothing.
IDLE = {f"auxiliary_heads.atss.scales.{level}.scale" for level in (2, 3, 4, 5)}


def loss(model: CoDETR, *, seed: int = 0, **changes: float) -> dict:
    for name, value in changes.items():
        setattr(model, name, value)
    torch.manual_seed(seed)  # denoising, sampling of boxes
    return model.train().loss(*batch([2, 3]))


def values(losses: dict, *prefixes: str) -> dict[str, float]:
    """Sum of every loss whose name begins with one of the prefixes."""
    return {
        name: float(sum(x.detach().sum() for x in (part if isinstance(part, list) else [part])))
        for name, part in losses.items()
        if name.startswith(prefixes) and "loss" in name
    }


def test_loss__parts_are_named_and_finite() -> None:
    names = set(loss(build()))
    layers = ("", "d0.")
    expected = {f"{d}{p}loss_{x}" for d in layers for p in ("", "dn_") for x in ("cls", "bbox")}
    expected |= {f"{d}{p}loss_iou" for d in layers for p in ("", "dn_")}
    expected |= {f"enc_loss_{x}" for x in ("cls", "bbox", "iou")}
    expected |= {f"atss.loss_{x}" for x in ("cls", "bbox", "centerness")}
    expected |= {f"rcnn.loss_{x}" for x in ("rpn_cls", "rpn_bbox", "cls", "bbox")}
    for head in ("atss", "rcnn"):
        expected |= {f"{head}_queries.{d}loss_{x}" for d in layers for x in ("cls", "bbox", "iou")}
    assert names == expected | {"rcnn.acc"}
    found = values(loss(build()), "")
    assert all(0 <= value < 1000 for value in found.values())


def test_loss__main_head_is_mmdets_dino() -> None:
    """Auxiliary heads and positive queries leave no trace in the losses of the decoder."""
    model = build()
    perturb(model)
    stock_config = config()
    stock_config.update(type=DINO)
    stock_config.bbox_head.type = DINOHead
    for key in ("encoder_weight", "query_weight", "max_positives", "norm_groups"):
        stock_config.pop(key)
    stock_config.pop("auxiliary_heads")
    stock = build_decoder(stock_config, model.toy_backbone, where="test")
    own = stock.state_dict().keys()
    stock.load_state_dict({key: value for key, value in model.state_dict().items() if key in own})
    torch.manual_seed(0)
    expected = stock.train().loss(*batch([2, 3]))
    found = loss(model)
    assert {name for name in found if "." not in name.replace("d0.", "")} == set(expected)
    for name, value in expected.items():
        torch.testing.assert_close(found[name], value)


def test_loss__weights_are_those_of_the_paper() -> None:
    model = build()
    one = loss(model, encoder_weight=1.0, query_weight=1.0)
    two = loss(model, encoder_weight=3.0, query_weight=5.0)
    for prefixes, factor in ((("atss.", "rcnn."), 3), (("atss_q", "rcnn_q"), 5), (("d", "l"), 1)):
        before, after = values(one, *prefixes), values(two, *prefixes)
        assert before and set(before) == set(after)
        for name, value in before.items():
            assert after[name] == pytest.approx(factor * value, rel=1e-4, abs=1e-6), name
    # lambda_2 counts against the sum over the decoder's layers.
    features = model.extract_feat(batch([2, 3])[0])
    samples = batch([2, 3])[1]
    encoder_inputs, _ = model.pre_transformer(features, samples)
    memory = model.forward_encoder(**encoder_inputs)["memory"]
    maps = model.pyramid(memory, [tuple(x.shape[-2:]) for x in features])
    own = model.auxiliary_heads["atss"].collaborate(maps, samples).losses
    total_own = float(sum(part.detach().sum() for part in own["loss_cls"]))
    assert values(two, "atss.")["atss.loss_cls"] == pytest.approx(3 * 2 * total_own, rel=1e-4)


def test_pyramid__has_every_token_in_its_place() -> None:
    model = build()
    shapes = [(4, 6), (2, 3), (1, 2)]
    maps = [torch.randn(2, 32, *shape) for shape in shapes]
    memory = torch.cat([x.flatten(2).transpose(1, 2) for x in maps], 1)
    found = model.pyramid(memory, shapes)
    assert [tuple(x.shape[-2:]) for x in found] == [*shapes, (1, 1)]
    for ours, expected in zip(found, maps, strict=False):
        assert torch.equal(ours, expected)


def test_every_parameter__gets_a_gradient() -> None:
    model = build()
    perturb(model)
    total(loss(model)).backward()
    parameters = dict(model.named_parameters())
    assert [name for name, p in parameters.items() if p.grad is None] == []
    assert all(p.grad.isfinite().all() for p in parameters.values())
    assert {name for name, p in parameters.items() if not p.grad.any()} <= IDLE


def test_every_parameter__is_connected_without_objects() -> None:
    model = build()
    losses = model.train().loss(*batch([0, 0]))
    found = values(losses, "")
    assert all(value == 0 for name, value in found.items() if "bbox" in name or "iou" in name)
    assert found["atss.loss_cls"] > 0 and found["rcnn.loss_cls"] > 0
    total(losses).backward()
    assert all(p.grad is not None and p.grad.isfinite().all() for p in model.parameters())


def test_gradient__does_not_leak_between_the_parts() -> None:
    model = build()
    perturb(model)
    heads = list(model.auxiliary_heads.parameters())
    losses = loss(model)

    def grads(prefixes: tuple[str, ...], parameters: list) -> list:
        parts = {name: x for name, x in losses.items() if name.startswith(prefixes)}
        return torch.autograd.grad(total(parts), parameters, retain_graph=True, allow_unused=True)

    # The boxes of positive queries are constants to the heads that gave them.
    assert all(g is None for g in grads(("atss_queries", "rcnn_queries"), heads))
    assert all(g is None for g in grads(("loss", "d0.", "dn_", "enc_"), heads))
    # The heads train the encoder, not the decoder; positive queries train both.
    decoder = list(model.decoder.layers.parameters())
    encoder = list(model.encoder.parameters())
    assert all(g is None for g in grads(("atss.", "rcnn."), decoder))
    for prefix in ("atss.", "rcnn.", "atss_queries", "rcnn_queries"):
        assert all(g is not None and g.any() for g in grads((prefix,), encoder)), prefix
    assert all(g is not None and g.any() for g in grads(("atss_queries",), decoder))


def test_predict__boxes_are_in_pixels_of_the_original() -> None:
    model = build().eval()
    perturb(model)
    images, samples = batch([1, 1], sizes=[(64, 48), (64, 64)])
    with torch.no_grad():
        plain = [s.pred_instances for s in model.predict(images, copy.deepcopy(samples))]
        samples[0].set_metainfo(dict(ori_shape=(128, 24), scale_factor=(2.0, 0.5)))
        scaled = [s.pred_instances for s in model.predict(images, samples)]
        kept = model.predict(images, samples, rescale=False)[0].pred_instances
    for one, other in zip(plain, scaled, strict=True):
        assert len(one) == 10 and torch.equal(one.scores, other.scores)
        assert (one.scores.diff() <= 0).all() and one.bboxes.min() >= 0
    factor = torch.tensor([0.5, 2.0, 0.5, 2.0])
    torch.testing.assert_close(scaled[0].bboxes, plain[0].bboxes * factor)
    assert torch.equal(scaled[1].bboxes, plain[1].bboxes)
    assert torch.equal(kept.bboxes, plain[0].bboxes)
    assert (plain[0].bboxes.amax(0) <= torch.tensor([48, 64, 48, 64])).all()


def test_predict__does_not_depend_on_batch_mates() -> None:
    model = build().eval()
    perturb(model)
    images, samples = batch([2, 3, 1], sizes=[(40, 50), (64, 64), (64, 30)])
    others = images.clone()
    others[1:] = torch.randn(others[1:].shape, generator=torch.Generator().manual_seed(5))

    def results(x: torch.Tensor, count: int) -> list[InstanceData]:
        with torch.no_grad():
            found = model.predict(x, copy.deepcopy(samples[:count]))
        return [sample.pred_instances for sample in found]

    one, two, alone = results(images, 3), results(others, 3), results(images[:1], 1)
    for other in (two[0], alone[0]):
        torch.testing.assert_close(one[0].bboxes, other.bboxes, atol=1e-3, rtol=0)
        torch.testing.assert_close(one[0].scores, other.scores, atol=1e-5, rtol=0)
    assert not torch.allclose(one[1].bboxes, two[1].bboxes, atol=1e-2)


def test_features__stand_for_images() -> None:
    model = build()
    images, samples = batch([2, 1])
    maps = model.toy_backbone(images)
    for inputs in (images, maps):
        torch.manual_seed(0)
        losses = model.train().loss(inputs, samples)
        if inputs is images:
            expected = values(losses, "")
    assert values(losses, "") == pytest.approx(expected)


def test_autocast__the_decoder_runs_in_float32() -> None:
    """Region pooling and non-maximum suppression take no bfloat16; the backbone keeps it."""
    model = build()
    seen = []
    model.toy_backbone.register_forward_hook(lambda _, __, maps: seen.append(maps[-1].dtype))
    full = values(loss(model), "")
    with torch.autocast("cpu", torch.bfloat16):
        losses = loss(model)
        total(losses).backward()
        with torch.no_grad():
            result = model.eval().predict(*batch([1]))[0]
    assert seen[0] == torch.float32 and seen[1] == torch.bfloat16
    assert result.pred_instances.bboxes.dtype == torch.float32
    half = values(losses, "")
    assert sum(half.values()) == pytest.approx(sum(full.values()), rel=0.1)


def test_heads__at_least_one() -> None:
    with pytest.raises(ConfigError, match=r"auxiliary_heads is empty.*mmdet's DINO"):
        build(auxiliary_heads=None)


@pytest.mark.parametrize("kept", ["atss", "rcnn"])
def test_heads__one_is_enough(kept: str) -> None:
    heads = config().auxiliary_heads
    model = build()
    single = {kept: heads[kept]}
    changed = config()
    changed.auxiliary_heads = single
    with library_scope("mmdet"):
        alone = build_decoder(changed, model.toy_backbone, where="test")
        alone.init_weights()
    names = set(alone.train().loss(*batch([2, 1])))
    assert {name.split(".")[0] for name in names if "_queries" in name} == {f"{kept}_queries"}


@pytest.mark.trains
def test_training__learns_two_pictures_by_heart() -> None:
    model = build()
    images, samples = batch([2, 3])
    expected = [sample.gt_instances for sample in samples]

    def precision() -> float:
        with torch.no_grad():
            results = model.eval().predict(images, copy.deepcopy(samples))
        return average_precision([sample.pred_instances for sample in results], expected)

    assert precision() < 0.2
    learn(
        model.parameters(),
        lambda: total(model.train().loss(images, samples)),
        steps=80,
        rate=3e-3,
    )
    expect_above("Co-DETR: box AP", precision(), 0.35)
