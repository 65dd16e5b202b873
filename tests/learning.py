"""Trainings of tests: short, and with an end that hangs on neither rounding nor the draw."""

from collections.abc import Callable, Iterable

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
