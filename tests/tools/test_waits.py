"""What counts as a wait for the device, call by call."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from tools.benchmarks.waits import count_waits, mark_as_host

CPU = torch.device("cpu")
VALUES = torch.rand(4)


def made_on_host() -> Tensor:
    return torch.arange(4) + 1


@pytest.mark.parametrize(
    ("work", "count"),
    [
        (lambda: VALUES.sum().item(), 1),
        (lambda: bool(VALUES.any()), 1),
        (lambda: VALUES[VALUES > 0.5], 1),
        (lambda: VALUES[VALUES > 0.5].sum().item() + float(VALUES[0]), 3),
        (lambda: VALUES.cpu().numpy().sum(), 1),
        (lambda: VALUES.new_tensor([1.0, 2.0]), 1),
        (lambda: torch.tensor([1.0], device=CPU), 1),
        (lambda: torch.where(VALUES > 0.5), 1),
        (lambda: VALUES.repeat_interleave(made_on_host()), 1),
        (lambda: torch.tensor([1.0]).to(CPU), 1),
        (lambda: torch.from_numpy(np.ones(3)).to(CPU), 1),
        (lambda: torch.tensor([1.0]).to(CPU, non_blocking=True), 0),
        (lambda: torch.tensor([1.0]).to(CPU, non_blocking=True).item(), 1),
        (lambda: VALUES.to(CPU), 0),
        (lambda: made_on_host().tolist(), 0),
        (lambda: VALUES[torch.tensor([0, 2])].sum(), 0),
        (lambda: torch.where(VALUES > 0.5, VALUES, 0.0), 0),
        (lambda: nn.functional.interpolate(VALUES[None, None], scale_factor=2.0), 0),
    ],
)
def test_count_waits__of_a_call(work: Callable[[], Any], count: int) -> None:
    assert count_waits(work, CPU).total() == count


def test_count_waits__names_the_line_and_sees_the_backward_pass() -> None:
    class Waits(torch.autograd.Function):
        @staticmethod
        def forward(ctx: Any, x: Tensor) -> Tensor:
            return x * 1

        @staticmethod
        def backward(ctx: Any, gradient: Tensor) -> Tensor:
            return gradient * float(gradient.sum())

    weight = torch.ones(3, requires_grad=True)
    found = count_waits(lambda: Waits.apply(weight).sum().backward(), CPU)
    line = Waits.backward.__code__.co_firstlineno + 2
    assert dict(found) == {f"tests/tools/test_waits.py:{line}": 1}


def test_mark_as_host__a_batch() -> None:
    batch = {"inputs": [torch.ones(2)], "labels": (torch.ones(1),)}
    mark_as_host(batch)

    def work() -> None:
        for tensor in (*batch["inputs"], *batch["labels"]):
            tensor.to(CPU)

    assert count_waits(work, CPU).total() == 2
