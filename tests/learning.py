"""Trainings of tests: short, and with an end that hangs on neither rounding nor the draw."""

from collections.abc import Callable, Iterable
from typing import NamedTuple

import torch
from torch import Tensor, nn


def learn(
    parameters: Iterable[nn.Parameter],
    loss: Callable[[], Tensor],
    *,
    steps: int,
    rate: float,
) -> list[float]:
    """Losses of a training by AdamW whose rate falls linearly to zero.

    At a constant rate the last steps jump, and another number of threads, whose sums round
    otherwise, ends elsewhere.

    Args:
        parameters: What is trained.
        loss: Computes the loss of a step, a scalar.
        steps: How many.
        rate: Learning rate of the first step.
    """
    parameters = list(parameters)
    optimizer = torch.optim.AdamW(parameters, lr=rate)
    schedule = torch.optim.lr_scheduler.LinearLR(optimizer, 1.0, 1 / steps, steps)
    history = []
    for _ in range(steps):
        value = loss()
        optimizer.zero_grad()
        value.backward()
        nn.utils.clip_grad_norm_(parameters, 5.0)
        optimizer.step()
        schedule.step()
        history.append(value.item())
    return history


class Reached(NamedTuple):
    """What a training came to, and what it has to."""

    value: float
    bar: float
    above: bool

    @property
    def room(self) -> float:
        """How far the value is on the right side of the bar, as a share of the bar."""
        return (self.value - self.bar if self.above else self.bar - self.value) / self.bar


# By the name of what was measured; ``tests/repeat.py`` prints the worst.
reached: dict[str, list[Reached]] = {}


def expect_above(what: str, value: float, bar: float) -> None:
    """A training has to bring a value above a bar; by how much it does is kept."""
    _expect(what, Reached(float(value), bar, above=True))


def expect_below(what: str, value: float, bar: float) -> None:
    """A training has to bring a value below a bar; by how much it does is kept."""
    _expect(what, Reached(float(value), bar, above=False))


def _expect(what: str, found: Reached) -> None:
    reached.setdefault(what, []).append(found)
    side = "above" if found.above else "below"
    assert found.room > 0, f"{what} is {found.value:.4g}, expected {side} {found.bar:.4g}"
