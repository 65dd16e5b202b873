"""Products of the tasks' gradients: norms, cosines, and all that a method of T numbers needs."""

from collections.abc import Sequence

import torch
from torch import Tensor

Gradients = Sequence[Sequence[Tensor]]
"""Per task the gradients of the same parameters."""


@torch.no_grad()
def gram(gradients: Gradients) -> Tensor:
    """Products of all pairs of gradients, (T, T) float64.

    Parameter by parameter, so that nothing of the size of all of them is made.
    """
    total = torch.zeros(len(gradients), len(gradients), dtype=torch.float64)
    for parts in zip(*gradients, strict=True):
        stacked = torch.stack([part.reshape(-1) for part in parts]).double()
        total = total.to(stacked.device) + stacked @ stacked.T
    return total


def norms_of(products: Tensor) -> Tensor:
    """Norm of each gradient, (T,), from :func:`gram`."""
    return products.diagonal().clamp(min=0.0).sqrt()


def cosines_of(products: Tensor) -> Tensor:
    """Cosines of all pairs, (T, T), from :func:`gram`; NaN where a gradient is zero."""
    norms = norms_of(products)
    return (products / torch.outer(norms, norms)).clamp(-1.0, 1.0)
