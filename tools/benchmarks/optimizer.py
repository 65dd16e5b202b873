"""AdamW over the trained parameters of stage 1, by one kernel, by lists of tensors and by a loop.

Against the loop, in turns. On a CPU what counts is the time of the processor.
"""

import time
from collections.abc import Iterator, Sequence
from functools import partial
from typing import Any

import torch
from torch import Tensor
from torch.optim import AdamW

from tools.benchmarks.configs import SEED, build_model, stage1_config
from tools.benchmarks.report import Case, Result, Settings
from tools.benchmarks.timing import compare

STEPS = 3
LIMIT = 1e-5
_WAYS = {"fused": dict(fused=True), "foreach": dict(foreach=True), "loop": dict(foreach=False)}


def cases(settings: Settings) -> Iterator[Case]:
    """The fused kernel, then the lists, each against the loop."""
    model = build_model(stage1_config(settings.quick), torch.device("cpu"))
    shapes = [parameter.shape for parameter in model.parameters() if parameter.requires_grad]
    del model
    for way in ("fused", "foreach"):
        yield Case(f"{way} against a loop", partial(_run, settings, way, shapes))


class _Stepper:
    """Random weights and gradients of given shapes, the same for every way."""

    def __init__(self, way: str, shapes: Sequence[torch.Size], device: torch.device) -> None:
        generator = torch.Generator().manual_seed(SEED)
        self.weights = [torch.randn(shape, generator=generator).to(device) for shape in shapes]
        for weight in self.weights:
            weight.requires_grad_()
            weight.grad = torch.randn(weight.shape, generator=generator).to(device)
        options: dict[str, Any] = _WAYS[way]
        self._optimizer = AdamW(self.weights, lr=1e-3, weight_decay=0.05, **options)

    def step(self) -> None:
        """Update all weights."""
        self._optimizer.step()


def _run(settings: Settings, way: str, shapes: Sequence[torch.Size]) -> Result:
    new, loop = (_Stepper(name, shapes, settings.device) for name in (way, "loop"))
    result = Result()
    for _ in range(STEPS):
        new.step()
        loop.step()
    result.check("difference", _difference(new.weights, loop.weights), LIMIT)
    pairs, runs = (1, 1) if settings.quick else (12, 3)
    clock = time.perf_counter if settings.device.type == "cuda" else time.process_time
    found = compare(new.step, loop.step, settings.device, pairs=pairs, runs=runs, clock=clock)
    result.values |= {
        "parameters_m": sum(shape.numel() for shape in shapes) / 1e6,
        "step_ms": found.first_ms,
        "loop_ms": found.second_ms,
        "ratio": found.ratio,
        "ratio_low": found.low,
        "ratio_high": found.high,
    }
    return result


def _difference(found: Sequence[Tensor], expected: Sequence[Tensor]) -> float:
    """Largest absolute difference; weights are of size one."""
    with torch.no_grad():
        return max(float((a - b).abs().max()) for a, b in zip(found, expected, strict=True))
