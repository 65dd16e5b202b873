"""Focal loss over classes that exclude each other, and its derivative.

Paper: https://arxiv.org/abs/1708.02002, equation 5, with the softmax's chance of the class.
"""

import torch
from torch import Tensor

from argus.mmcv_ops.float32 import wide


def softmax_focal_loss_forward(
    input: Tensor, target: Tensor, weight: Tensor, output: Tensor, gamma: float, alpha: float
) -> None:
    """Write the loss of every sample.

    Args:
        input: (N, C) chances, rows that sum to 1.
        target: (N,) classes; a negative one has no loss.
        weight: (C,) factor of a sample by its class, or (0,) for none.
        output: (N,), overwritten.
        gamma: Exponent of what the right answer lacks.
        alpha: Factor of all.
    """
    chance = _of_class(input, target)
    loss = -alpha * (1 - chance) ** gamma * _log(chance)
    output.copy_(_weighted(loss, target, weight))


def softmax_focal_loss_backward(
    input: Tensor,
    target: Tensor,
    weight: Tensor,
    buff: Tensor,
    grad_input: Tensor,
    gamma: float,
    alpha: float,
) -> None:
    """Write the derivative by the logits before the softmax, (N, C), to ``grad_input``.

    ``buff`` (N,) receives what the rows have in common; the other arguments are as above.
    """
    chance = _of_class(input, target)
    rest = 1 - chance
    common = alpha * (gamma * rest ** (gamma - 1) * chance * _log(chance) - rest**gamma)
    buff.copy_(_weighted(common, target, weight))
    is_class = target[:, None] == torch.arange(input.shape[1], device=target.device)
    grad_input.copy_(wide(buff)[:, None] * (is_class.to(chance.dtype) - wide(input)))


def _of_class(input: Tensor, target: Tensor) -> Tensor:
    """(N,) chance of the class of each row."""
    return wide(input).gather(1, target.clamp(min=0)[:, None])[:, 0]


def _log(chance: Tensor) -> Tensor:
    return chance.clamp(min=torch.finfo(chance.dtype).tiny).log()


def _weighted(values: Tensor, target: Tensor, weight: Tensor) -> Tensor:
    if len(weight):
        values = values * wide(weight)[target.clamp(min=0)]
    return values.where(target >= 0, 0)
