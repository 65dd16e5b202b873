"""Whole steps of stage 1 against the same steps from stock parts of OpenMMLab, in turns.

Stock is: deformable attention by mmcv (its CUDA kernel, or its PyTorch code on a CPU), a backbone
pass, a forward and a backward pass task by task, PyTorch's SDPA, batches that go to the device with
a wait for each tensor, and AdamW as PyTorch takes it by default. Both have the model, the weights
and the batches in common: what is compared is how they are run.
"""

import argus  # isort: skip  # noqa: F401 - by which mmcv finds its operators

import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import lru_cache, partial
from typing import Any
from unittest.mock import patch

import torch
from mmcv.ops.multi_scale_deform_attn import multi_scale_deformable_attn_pytorch
from torch import Tensor
from torch.optim import AdamW

from argus.engine.optim import MultitaskOptimWrapper
from argus.layers import deform_attention
from argus.layers.attention import ENVIRONMENT_VARIABLE
from argus.layers.ms_deform_attn import missing_for_backends, use_ms_deform_attn_backend
from tools.benchmarks.report import Case, Result, Settings, relative_error
from tools.benchmarks.stage1_step import GRADIENT_LIMIT, Trainer

Shapes = Sequence[tuple[int, int]]


class StockTrainer:
    """The model and the batches of a :class:`Trainer`, run by stock parts.

    Args:
        trainer: Keeps its own optimizer.
    """

    def __init__(self, trainer: Trainer) -> None:
        self.trainer = trainer
        ours = trainer.optimizer
        keys = ("params", "lr", "weight_decay", "betas", "eps")
        groups = [{key: group[key] for key in keys} for group in ours.param_groups]
        self.optimizer = MultitaskOptimWrapper(
            AdamW(groups), precision=ours.precision, clip_grad=dict(max_norm=1.0)
        )

    def backward(self) -> None:
        """Gradients of one step."""
        with self._parts():
            self.trainer.backward("sequential", list(self.trainer.batches))

    def step(self) -> None:
        """One step with the update of the weights."""
        self.backward()
        self.optimizer.clip()
        self.optimizer.step()
        self.optimizer.zero_grad()

    @contextmanager
    def _parts(self) -> Iterator[None]:
        model = self.trainer.model
        preprocessors = [model.decoder(task).data_preprocessor for task in self.trainer.batches]
        on_gpu = next(model.parameters()).device.type == "cuda"
        sampling = (
            use_ms_deform_attn_backend("mmcv")
            if on_gpu
            else patch.object(deform_attention, "ms_deform_attn", ms_deform_attn_of_mmcv)
        )
        before = [preprocessor._non_blocking for preprocessor in preprocessors]
        _set_all(preprocessors, [False] * len(before))
        try:
            with sampling, patch.dict(os.environ, {ENVIRONMENT_VARIABLE: "sdpa"}):
                yield
        finally:
            _set_all(preprocessors, before)


def cases(settings: Settings) -> Iterator[Case]:
    """Each schedule that takes all tasks at once against the stock step."""
    if settings.device.type == "cuda" and missing_for_backends()["mmcv"]:
        note = f"the stock step needs {missing_for_backends()['mmcv']}"
        yield Case("all tasks", partial(Result, note=note))
        return
    trainer = Trainer(settings)
    stock = StockTrainer(trainer)
    for schedule in ("packed",) if settings.quick else ("joint", "packed"):
        yield Case(f"all tasks, {schedule}", partial(_run, settings, trainer, stock, schedule))


def _run(settings: Settings, trainer: Trainer, stock: StockTrainer, schedule: str) -> Result:
    tasks = list(trainer.batches)
    result = Result()
    stock.backward()
    expected = _gradients(trainer)
    trainer.backward(schedule, tasks)
    result.check("gradient_error", relative_error(_gradients(trainer), expected), GRADIENT_LIMIT)

    def ours() -> None:
        trainer.backward(schedule, tasks)
        trainer.optimizer.clip()
        trainer.optimizer.step()
        trainer.optimizer.zero_grad()

    found = settings.compare(stock.step, ours)
    result.values |= {
        "stock_ms": found.first_ms,
        "ours_ms": found.second_ms,
        "times_as_fast": found.ratio,
        "times_low": found.low,
        "times_high": found.high,
    }
    return result


def _gradients(trainer: Trainer) -> Tensor:
    """Those of the trained backbone, joined; they are gone then."""
    found = [parameter.grad for parameter in trainer.model.backbone.parameters()]
    joined = torch.cat([gradient.flatten() for gradient in found if gradient is not None])
    trainer.optimizer.zero_grad()
    return joined


def ms_deform_attn_of_mmcv(
    value: Tensor, spatial_shapes: Shapes, sampling_locations: Tensor, attention_weights: Tensor
) -> Tensor:
    """As :func:`argus.layers.ms_deform_attn.ms_deform_attn`, by mmcv's code without kernels."""
    with torch.autocast(value.device.type, enabled=False):
        out: Tensor = multi_scale_deformable_attn_pytorch(
            value.float(),
            _sizes(tuple(spatial_shapes), value.device),
            sampling_locations.float(),
            attention_weights.float(),
        )
    return out.to(value.dtype)


@lru_cache(maxsize=64)
def _sizes(shapes: tuple[tuple[int, int], ...], device: torch.device) -> Tensor:
    return torch.tensor(shapes, device=device)


def _set_all(preprocessors: Sequence[Any], values: Sequence[bool]) -> None:
    for preprocessor, value in zip(preprocessors, values, strict=True):
        preprocessor._non_blocking = value
