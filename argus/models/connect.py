"""Tie a loss to parameters that it may not use, at no cost.

``DistributedDataParallel`` waits for every parameter in every step. A task without labels on this
rank, or a head whose parameters are idle for a batch, would stop it; searching the graph for
unused parameters costs a traversal per step. Here the loss takes the parameters as inputs of an
identity whose gradient for them is undefined: the reducer counts them as ready and fills zeros.
"""

from collections.abc import Iterable
from typing import Any

import torch
from torch import Tensor, nn


class _Connect(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, loss: Tensor, *parameters: Tensor) -> Tensor:
        ctx.num_parameters = len(parameters)
        return loss.view_as(loss)

    @staticmethod
    def backward(ctx: Any, *grad_outputs: Tensor) -> tuple[Tensor | None, ...]:
        return (grad_outputs[0], *([None] * ctx.num_parameters))


def connect(loss: Tensor, parameters: Iterable[nn.Parameter]) -> Tensor:
    """``loss`` unchanged, its graph reaching all ``parameters`` that require a gradient."""
    trainable = [parameter for parameter in parameters if parameter.requires_grad]
    return _Connect.apply(loss, *trainable)
