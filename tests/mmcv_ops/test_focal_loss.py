"""Focal losses against the paper's formula, and their derivatives against automatic ones.

mmcv compiles these two for GPUs alone, so that on a CPU there is nothing else to compare with.
"""

import numpy as np
import pytest
import torch
from mmcv.ops import sigmoid_focal_loss, softmax_focal_loss
from torch import Tensor

pytestmark = pytest.mark.usefixtures("our_operators")
TARGET = torch.tensor([0, 2, 1, 3, 2, 0])  # of three classes: 3 is none of them
WEIGHT = torch.tensor([0.5, 2.0, 1.5], dtype=torch.float64)


def logits(count: int = 6) -> Tensor:
    values = torch.randn(count, 3, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    return (3 * values).requires_grad_()


def sigmoid_formula(x: Tensor, target: Tensor, gamma: float, alpha: float) -> Tensor:
    is_class = torch.nn.functional.one_hot(target, 4)[:, :3].bool()
    chance = torch.where(is_class, x.sigmoid(), (-x).sigmoid())
    share = torch.where(is_class, alpha, 1 - alpha)
    return -share * (1 - chance) ** gamma * chance.log()


def softmax_formula(x: Tensor, target: Tensor, gamma: float, alpha: float) -> Tensor:
    chance = x.softmax(1)[torch.arange(len(x)), target]
    return -alpha * (1 - chance) ** gamma * chance.log()


@pytest.mark.parametrize("gamma", [0.0, 1.5, 2.0])
@pytest.mark.parametrize("is_weighted", [False, True])
def test_sigmoid__is_the_formula(gamma: float, is_weighted: bool) -> None:
    rows = slice(None) if not is_weighted else TARGET < 3
    x, target = logits().detach()[rows].requires_grad_(), TARGET[rows]
    weight = WEIGHT if is_weighted else None
    expected = sigmoid_formula(x, target, gamma, 0.25)
    if weight is not None:
        expected = expected * weight[target][:, None]
    found = sigmoid_focal_loss(x, target, gamma, 0.25, weight, "sum")
    torch.testing.assert_close(found, expected.sum())
    torch.testing.assert_close(
        torch.autograd.grad(found, x), torch.autograd.grad(expected.sum(), x)
    )


@pytest.mark.parametrize("gamma", [0.0, 1.5, 2.0])
@pytest.mark.parametrize("weight", [None, WEIGHT])
def test_softmax__is_the_formula(gamma: float, weight: Tensor | None) -> None:
    x, target = logits(), TARGET % 3
    expected = softmax_formula(x, target, gamma, 0.25)
    if weight is not None:
        expected = expected * weight[target]
    found = softmax_focal_loss(x, target, gamma, 0.25, weight, "mean")
    torch.testing.assert_close(found, expected.mean())
    torch.testing.assert_close(
        torch.autograd.grad(found, x), torch.autograd.grad(expected.mean(), x)
    )


def test_sigmoid__extreme_logits_stay_finite_and_right() -> None:
    x = torch.tensor([[40.0, -40.0, 0.0]], requires_grad=True)
    loss = sigmoid_focal_loss(x, torch.tensor([1]), 2.0, 0.25, None, "sum")
    loss.backward()
    np.testing.assert_allclose(loss.item(), 0.75 * 40 + 0.25 * 40 + 0.75 * 0.25 * np.log(2))
    assert x.grad is not None
    np.testing.assert_allclose(x.grad[0, :2], [0.75, -0.25], rtol=1e-6)


@pytest.mark.parametrize("function", [sigmoid_focal_loss, softmax_focal_loss])
def test_losses__none_and_16_bits(function) -> None:  # noqa: ANN001
    empty = torch.zeros(0, 3, requires_grad=True)
    found = function(empty, TARGET[:0], 2.0, 0.25, None, "sum")
    found.backward()
    assert found.item() == 0 and empty.grad is not None and empty.grad.shape == (0, 3)
    half = logits().detach().half()
    # Both are rounded once, the result; softmax's chances before it, by mmcv.
    near = function(half, TARGET % 3, 2.0, 0.25, None, "none")
    exact = function(half.float(), TARGET % 3, 2.0, 0.25, None, "none")
    assert near.dtype == torch.float16
    torch.testing.assert_close(near.float(), exact, atol=2e-3, rtol=2e-2)


def test_softmax__negative_class_has_no_loss() -> None:
    x = logits().detach().float().requires_grad_()
    target = torch.tensor([-1, 0, 1, 2, -1, 0])
    loss = softmax_focal_loss(x, target, 2.0, 0.25, None, "none")
    softmax_focal_loss(x, target, 2.0, 0.25, None, "sum").backward()
    assert x.grad is not None
    for values in (loss, x.grad.abs().sum(1)):
        assert ((values == 0) == (target < 0)).all()
