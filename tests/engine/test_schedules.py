"""Schedules, accumulation and single-input give the gradients of the plain sum of losses."""

import numpy as np
import pytest
import torch
from torch import nn

from argus.datasets.resilient import collate
from argus.engine.optim import MultitaskOptimWrapper
from argus.engine.schedules import GradientSchedule
from argus.models.multitask import MultitaskModel
from tests.toy import (
    ToyBackbone,
    ToyBoth,
    ToyClassification,
    ToySegmentation,
    classification_decoder,
    semantic_decoder,
)


def toy_model(streams: dict | None = None) -> MultitaskModel:
    torch.manual_seed(0)
    decoders = dict(semantic=semantic_decoder(), classification=classification_decoder())
    weights = dict(semantic=2.0, classification=0.5)
    model = MultitaskModel(ToyBackbone(), decoders, loss_weights=weights, streams=streams)
    model.init_weights()
    for parameter in model.decoders.parameters():
        parameter.data.normal_(0, 0.3)
    return model.train()


def batch(dataset: object, indices: list[int]) -> dict:
    torch.manual_seed(0)
    np.random.seed(0)
    return collate([dataset[i] for i in indices])


def gradients(model: nn.Module, micro_batches: list, kind: str) -> dict[str, torch.Tensor]:
    trainable = [p for p in model.parameters() if p.requires_grad]
    wrapper = MultitaskOptimWrapper(torch.optim.SGD(trainable, lr=1.0), precision="fp32")
    model.zero_grad()
    GradientSchedule(kind).backward(model, micro_batches, wrapper, seeds=[{}] * len(micro_batches))
    return {n: p.grad.clone() for n, p in model.named_parameters() if p.grad is not None}


def max_relative_difference(a: dict, b: dict) -> float:
    assert a.keys() == b.keys() and a
    return max(((a[n] - b[n]).abs().max() / b[n].abs().max().clamp(min=1e-12)).item() for n in a)


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


@pytest.mark.parametrize("kind", ["joint", "sequential"])
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


@pytest.mark.parametrize("kind", ["joint", "sequential"])
def test_schedules__task_without_labels_has_zero_gradients(kind: str) -> None:
    model = toy_model(streams=dict(both=["semantic", "classification"]))
    found = gradients(model, [dict(both=batch(ToyBoth(), [0, 3]))], kind)
    assert not found["decoders.semantic.decode_head.conv_seg.weight"].any()
    assert set(found) == {n for n, p in model.named_parameters() if p.requires_grad}
