"""Focal loss over independent classes, and its derivative.

Paper: https://arxiv.org/abs/1708.02002, equation 5. The logarithms are taken of the logits, so that
they stay exact where mmcv's compiled ones, of rounded probabilities, end at a constant (a logit
beyond 17).
"""

import torch
import torch.nn.functional as F
from torch import Tensor

from argus.mmcv_ops.float32 import wide


def sigmoid_focal_loss_forward(
    input: Tensor, target: Tensor, weight: Tensor, output: Tensor, gamma: float, alpha: float
) -> None:
    """Write the loss of every sample and class.

    Args:
        input: (N, C) logits.
        target: (N,) classes in [0, C]; C is none of them.
        weight: (C,) factor of a sample by its class, or (0,) for none.
        output: (N, C), overwritten.
        gamma: Exponent of what the right answer lacks.
        alpha: Share of the positives in [0, 1].
    """
    logits, is_class = wide(input), _is_class(input, target)
    chance = logits.sigmoid()
    positive = -alpha * (1 - chance) ** gamma * F.logsigmoid(logits)
    negative = -(1 - alpha) * chance**gamma * F.logsigmoid(-logits)
    output.copy_(_weighted(positive.where(is_class, negative), target, weight))


def sigmoid_focal_loss_backward(
    input: Tensor, target: Tensor, weight: Tensor, grad_input: Tensor, gamma: float, alpha: float
) -> None:
    """Write the derivative of every loss by its own logit, (N, C), to ``grad_input``."""
    logits, is_class = wide(input), _is_class(input, target)
    chance = logits.sigmoid()
    rest = 1 - chance
    positive = -alpha * rest**gamma * (rest - gamma * chance * F.logsigmoid(logits))
    negative = -(1 - alpha) * chance**gamma * (gamma * rest * F.logsigmoid(-logits) - chance)
    grad_input.copy_(_weighted(positive.where(is_class, negative), target, weight))


def _is_class(input: Tensor, target: Tensor) -> Tensor:
    """(N, C), whether the column is the class of the row."""
    classes = torch.arange(input.shape[1], device=target.device)
    return target[:, None] == classes


def _weighted(values: Tensor, target: Tensor, weight: Tensor) -> Tensor:
    return values * wide(weight)[target][:, None] if len(weight) else values
