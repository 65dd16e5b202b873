"""Trainings with balancers and with a stream a step, whole and in two parts."""

import importlib.util
from pathlib import Path
from typing import Any

import torch
from mmengine.hooks import Hook
from mmengine.registry import HOOKS

from argus.engine import MultitaskRunner
from tests.engine.toy_training import train

STEPS = 20
_EVERY_TEN = dict(checkpoint=dict(type="argus.CheckpointHook", interval=10))
BALANCED = dict(
    famo=dict(balancing=dict(type="argus.FAMO", lr=0.1), train_cfg=dict(max_iters=STEPS)),
    gradnorm=dict(
        balancing=dict(type="argus.GradNorm", first_steps=2, lr=0.1),
        train_cfg=dict(max_iters=STEPS, schedule="sequential", accumulate=2),
    ),
    pcgrad=dict(
        balancing=dict(type="argus.TorchJDGradients", method="PCGrad"),
        train_cfg=dict(max_iters=STEPS, schedule="sequential", accumulate=2),
    ),
    gradvac=dict(  # which has a state
        balancing=dict(type="argus.TorchJDGradients", method="GradVac"),
        train_cfg=dict(max_iters=STEPS),
    ),
    sampled=dict(
        task_sampling=dict(type="argus.TemperatureSampling", temperature=2.0),
        train_cfg=dict(max_iters=STEPS),
    ),
)
if importlib.util.find_spec("torchjd") is None:
    del BALANCED["pcgrad"], BALANCED["gradvac"]
for _options in BALANCED.values():
    _options |= dict(default_hooks=_EVERY_TEN, custom_hooks=[dict(type="NoteFactors")])


@HOOKS.register_module()
class NoteFactors(Hook):
    """Keep the factors of every step."""

    def before_train(self, runner: MultitaskRunner) -> None:
        runner.train_loop.noted = []

    def after_train_iter(self, runner: MultitaskRunner, *args: Any, outputs: Any, **kwargs: Any):
        runner.train_loop.noted.append(outputs.values.factors)


def weights_of(runner: MultitaskRunner) -> dict[str, torch.Tensor]:
    """Copies of a model's parameters."""
    return {n: p.detach().clone() for n, p in runner.raw_model.named_parameters()}


def state_of_balancer(runner: MultitaskRunner) -> str:
    """All digits of it; empty where there is no balancer."""
    balancer = runner.train_loop.balancer
    return "" if balancer is None else repr(balancer.state_dict())


def train_in_parts(folder: Path, **options: Any) -> dict[str, Any]:
    """Train once, and again with a stop after half of the steps."""
    losses, runner = train(folder / "whole", **options)
    first, _ = train(folder / "parts", stop_after=STEPS // 2, **options)
    second, resumed = train(folder / "parts", resume=True, **options)
    return dict(
        losses=losses,
        parts=first + second,
        factors=[*runner.train_loop.noted],
        weights=weights_of(runner),
        resumed_weights=weights_of(resumed),
        states=[state_of_balancer(of) for of in (runner, resumed)],
    )
