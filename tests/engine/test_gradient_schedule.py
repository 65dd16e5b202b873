"""Schedules, accumulation and single-input give the gradients of the plain sum of losses."""

import numpy as np
import pytest
import torch
from torch import nn

from argus.datasets.resilient import collate
from argus.engine.gradient_schedule import SCHEDULES, GradientSchedule
from argus.engine.optim import MultitaskOptimWrapper
from argus.errors import ConfigError
from argus.models.multitask import MultitaskModel
from argus.models.task_model import TaskModel
from tests.models.backbones.toys import open_gamma, toy_adapter, toy_vit
from tests.toy import (
    ToyBackbone,
    ToyBoth,
    ToyClassification,
    ToySegmentation,
    classification_decoder,
    semantic_decoder,
)


def toy_model(
    streams: dict | None = None, backbone: nn.Module | None = None, dropout: float = 0.0
) -> MultitaskModel:
    torch.manual_seed(0)
    decoders = dict(semantic=semantic_decoder(), classification=classification_decoder())
    decoders["semantic"]["decode_head"]["dropout_ratio"] = dropout
    weights = dict(semantic=2.0, classification=0.5)
    model = MultitaskModel(
        backbone or ToyBackbone(), decoders, loss_weights=weights, streams=streams
    )
    model.init_weights()
    for parameter in model.decoders.parameters():
        parameter.data.normal_(0, 0.3)
    return model.train()


def batch(dataset: object, indices: list[int]) -> dict:
    torch.manual_seed(0)
    np.random.seed(0)
    return collate([dataset[i] for i in indices])


def gradients(
    model: nn.Module, micro_batches: list, kind: str, seeds: dict | None = None
) -> dict[str, torch.Tensor]:
    trainable = [p for p in model.parameters() if p.requires_grad]
    wrapper = MultitaskOptimWrapper(torch.optim.SGD(trainable, lr=1.0), precision="fp32")
    model.zero_grad()
    all_seeds = [seeds or {}] * len(micro_batches)
    GradientSchedule(kind).backward(model, micro_batches, wrapper, seeds=all_seeds)
    return {n: p.grad.clone() for n, p in model.named_parameters() if p.grad is not None}


def max_relative_difference(a: dict, b: dict) -> float:
    assert a.keys() == b.keys() and a
    return max(((a[n] - b[n]).abs().max() / b[n].abs().max().clamp(min=1e-12)).item() for n in a)


def adapter_model(streams: dict | None = None) -> MultitaskModel:
    """On a ViT with adapter; its semantic head draws dropout."""
    sizes = dict(conv_inplane=8, norm_groups=4, num_interactions=2)
    vit = toy_vit(arch=dict(embed_dim=8, depth=2, num_heads=2))
    return toy_model(streams, open_gamma(toy_adapter(vit, **sizes)), dropout=0.5)


@pytest.mark.parametrize("precision", ["fp32", "bf16"])
def test_schedules__packed_equals_joint_on_pictures_of_several_sizes(precision: str) -> None:
    """Also what the decoders draw: each is seeded."""
    batches = dict(
        semantic=batch(ToySegmentation(), [0, 1, 2]),
        classification=batch(ToyClassification(size=64), [3, 4]),
    )
    model = adapter_model()
    results, found = {}, {}
    for kind in ("joint", "packed", "sequential"):
        trainable = [p for p in model.parameters() if p.requires_grad]
        wrapper = MultitaskOptimWrapper(torch.optim.SGD(trainable, lr=1.0), precision=precision)
        model.zero_grad()
        blocks = []
        block = model.backbone.vit.blocks[0]
        handle = block.register_forward_hook(lambda *_, blocks=blocks: blocks.append(1))
        seeds = [dict(semantic=1, classification=2)]
        results[kind] = GradientSchedule(kind).backward(model, [batches], wrapper, seeds=seeds)
        handle.remove()
        assert len(blocks) == (1 if kind == "packed" else 2)
        found[kind] = {n: p.grad for n, p in model.named_parameters() if p.requires_grad}
    tolerance = 1e-5 if precision == "fp32" else 5e-2
    for kind in ("packed", "sequential"):
        for task, loss in results["joint"].losses.items():
            assert results[kind].losses[task].item() == pytest.approx(loss.item(), rel=tolerance)
        assert results[kind].parts.keys() == results["joint"].parts.keys()
        names = set(found["joint"]) if precision == "fp32" else {"backbone.level_embed"}
        for name in names:
            scale = found["joint"][name].abs().max().clamp(min=1e-3)
            error = (found[kind][name] - found["joint"][name]).abs().max() / scale
            assert error < tolerance, (kind, name)


def test_schedules__packed_over_own_and_shared_streams_with_labels_missing() -> None:
    streams = dict(both=["semantic", "classification"])
    batches = dict(both=batch(ToyBoth(), [0, 1, 3, 4]))
    model = adapter_model(streams)
    seeds = dict(semantic=1, classification=2, both=3)
    joint, packed = (gradients(model, [batches], kind, seeds) for kind in ("joint", "packed"))
    assert max_relative_difference(packed, joint) < 1e-5


def test_packed__backbone_that_cannot_is_refused() -> None:
    backbone = nn.Identity()
    backbone.out_channels = (8,) * 4
    with pytest.raises(ConfigError, match=r"'packed': expected a backbone .* but Identity has"):
        toy_model(backbone=backbone).check_packing()
    toy_model().check_packing()
    with pytest.raises(ConfigError, match="Identity has no packed pass over its streams"):
        TaskModel.check_packing(backbone)  # of a model that says nothing of it, as MTV


def test_schedules__joint_equals_sequential() -> None:
    batches = dict(
        semantic=batch(ToySegmentation(), [0, 1, 2]),
        classification=batch(ToyClassification(), [3, 4]),
    )
    model = toy_model()
    joint = gradients(model, [batches], "joint")
    sequential = gradients(model, [batches], "sequential")
    assert max_relative_difference(joint, sequential) < 1e-5


def test_schedules__single_input_joint_equals_sequential() -> None:
    batches = dict(both=batch(ToyBoth(), [0, 1, 2, 3]))
    model = toy_model(streams=dict(both=["semantic", "classification"]))
    joint = gradients(model, [batches], "joint")
    sequential = gradients(model, [batches], "sequential")
    assert max_relative_difference(joint, sequential) < 1e-5


@pytest.mark.parametrize("kind", SCHEDULES)
def test_schedules__accumulation_equals_the_whole_batch(kind: str) -> None:
    def both(indices: list[int]) -> dict:
        return dict(
            semantic=batch(_Quiet(ToySegmentation()), indices),
            classification=batch(_Quiet(ToyClassification()), indices),
        )

    model = toy_model()
    whole = gradients(model, [both([0, 1, 2, 3])], kind)
    parts = gradients(model, [both([0, 1]), both([2, 3])], kind)
    assert max_relative_difference(whole, parts) < 1e-5


class _Quiet:
    """Without augmentation, so that a sample is the same in every batch."""

    def __init__(self, dataset: object) -> None:
        self.dataset = dataset

    def __getitem__(self, index: int) -> dict:
        np.random.seed(index)
        return self.dataset[index]


def test_schedules__gradient_norms_are_those_of_each_task_alone() -> None:
    batches = dict(
        semantic=batch(ToySegmentation(), [0, 1]),
        classification=batch(ToyClassification(), [0, 1]),
    )
    model = toy_model()
    probe = [p for p in model.backbone.parameters() if p.requires_grad]
    wrapper = MultitaskOptimWrapper(torch.optim.SGD(probe, lr=1.0), precision="fp32")
    found = GradientSchedule("joint").backward(model, [batches], wrapper, seeds=[{}], probe=probe)
    for task in batches:
        alone = gradients(model, [{task: batches[task]}], "joint")
        shared = [grad.norm() for name, grad in alone.items() if name.startswith("backbone.")]
        norm = torch.stack(shared).norm()
        torch.testing.assert_close(found.grad_norms[task], norm, rtol=1e-4, atol=1e-8)


def test_precision__bf16_autocast_runs_and_is_close() -> None:
    batches = dict(classification=batch(ToyClassification(), [0, 1, 2]))
    losses = {}
    for precision in ("fp32", "bf16"):
        model = toy_model()
        trainable = [p for p in model.parameters() if p.requires_grad]
        wrapper = MultitaskOptimWrapper(torch.optim.SGD(trainable, lr=1.0), precision=precision)
        seen = []
        handle = model.backbone.stages[0].register_forward_hook(
            lambda m, i, o, seen=seen: seen.append(o.dtype)
        )
        result = GradientSchedule().backward(model, [batches], wrapper, seeds=[{}])
        handle.remove()
        losses[precision] = result.losses["classification"].item()
        assert seen == [torch.bfloat16 if precision == "bf16" else torch.float32]
    assert losses["bf16"] == pytest.approx(losses["fp32"], rel=0.02)


def test_schedules__gradient_norms_are_means_over_the_accumulated_batches() -> None:
    batches = [dict(semantic=batch(ToySegmentation(), [i, i + 1])) for i in (0, 3)]
    model = toy_model()
    probe = [p for p in model.backbone.parameters() if p.requires_grad]
    wrapper = MultitaskOptimWrapper(torch.optim.SGD(probe, lr=1.0), precision="fp32")

    def norm(micro_batches: list) -> torch.Tensor:
        seeds = [{}] * len(micro_batches)
        schedule = GradientSchedule("joint")
        result = schedule.backward(model, micro_batches, wrapper, seeds=seeds, probe=probe)
        return result.grad_norms["semantic"]

    torch.testing.assert_close(norm(batches), (norm(batches[:1]) + norm(batches[1:])) / 2)


@pytest.mark.parametrize("kind", SCHEDULES)
def test_schedules__task_without_labels_has_zero_gradients(kind: str) -> None:
    model = toy_model(streams=dict(both=["semantic", "classification"]))
    found = gradients(model, [dict(both=batch(ToyBoth(), [0, 3]))], kind)
    assert not found["decoders.semantic.decode_head.conv_seg.weight"].any()
    assert set(found) == {n for n, p in model.named_parameters() if p.requires_grad}
