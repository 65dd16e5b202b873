import threading

import pytest
import torch
from torch import Tensor, nn

from argus.inference.interruption import Interrupted, interrupted_by, make_interruptible


class Count(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.num_runs = 0

    def forward(self, x: Tensor) -> Tensor:
        self.num_runs += 1
        return x + 1


class Careless(nn.Module):
    """Takes whatever goes wrong within it for an error of its own."""

    def __init__(self, inner: nn.Module) -> None:
        super().__init__()
        self.inner = inner

    def forward(self, x: Tensor) -> Tensor:
        try:
            return self.inner(x)
        except Exception:
            return x


def make_model() -> tuple[nn.Module, list[Count]]:
    layers = [Count() for _ in range(6)]
    model = nn.Sequential(*layers[:2], Careless(nn.Sequential(*layers[2:])))
    make_interruptible(model)
    return model, layers


def stop() -> None:
    raise Interrupted(ValueError("enough"))


def test_interrupted_by__before_the_next_layer() -> None:
    model, layers = make_model()

    def check() -> None:
        if layers[3].num_runs:
            stop()

    with pytest.raises(Interrupted, match="enough") as caught, interrupted_by(check):
        model(torch.zeros(1))
    assert isinstance(caught.value.reason, ValueError)
    assert [layer.num_runs for layer in layers] == [1, 1, 1, 1, 0, 0]
    assert model(torch.zeros(1)) == 6  # outside of it nobody asks


def test_interrupted_by__this_thread_alone() -> None:
    model, _ = make_model()
    results = []
    with interrupted_by(stop):
        thread = threading.Thread(target=lambda: results.append(model(torch.zeros(1))))
        thread.start()
        thread.join()
    assert results == [6]


def test_interrupted_by__compiled_part_runs_to_its_end() -> None:
    inner = nn.Sequential(Count(), Count())
    inner.compile(backend="eager")
    model = nn.Sequential(inner, Count())
    make_interruptible(model)
    with pytest.raises(Interrupted), interrupted_by(stop):
        model(torch.zeros(1))
    with interrupted_by(stop):
        assert inner(torch.zeros(1)) == 2
