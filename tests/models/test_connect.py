"""A connected loss keeps its value and gradient and leaves idle parameters without one."""

import torch
from torch import nn

from argus.models.connect import connect


def test_connect__value_and_gradient_unchanged_idle_parameters_reached() -> None:
    used, idle = nn.Parameter(torch.tensor([2.0, 3.0])), nn.Parameter(torch.tensor(float("nan")))
    loss = connect((used**2).sum(), [used, idle])
    assert loss.item() == 13.0
    loss.backward()
    torch.testing.assert_close(used.grad, torch.tensor([4.0, 6.0]))
    assert idle.grad is None


def test_connect__constant_loss_can_run_backward() -> None:
    weight = nn.Parameter(torch.ones(3))
    loss = connect(torch.zeros(()), [weight])
    assert loss.requires_grad
    loss.backward()
    assert weight.grad is None
