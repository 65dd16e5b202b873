"""Weights in 16 bits: which of them, and in which format.

The format is IEEE half, whose 11 significant bits round a weight by at most 1 / 2048 of it;
bfloat16 has 8, and its range of exponents, which gradients need, is of no use to trained weights.
A tensor that half does not hold to that accuracy, since its numbers are too large or too small,
stays as it is; so do vectors and single numbers, which are biases, norms and scales, of which half
saves nothing, and buffers, which are statistics, tables and counters.
"""

from collections.abc import Collection, Mapping

import torch
from torch import Tensor

STORED = "float16"
MAX_ERROR = 1e-3
"""Norm of the rounding over the norm of a tensor that is rounded."""


def in_half(state: Mapping[str, Tensor], parameters: Collection[str]) -> dict[str, Tensor]:
    """The state with what may be rounded in half.

    Args:
        state: Tensors by name.
        parameters: Names of those that are parameters.
    """
    return {
        name: _rounded(tensor) if name in parameters else tensor for name, tensor in state.items()
    }


def _rounded(tensor: Tensor) -> Tensor:
    if tensor.dtype != torch.float32 or tensor.ndim < 2:
        return tensor
    half = tensor.half()
    error = (half.float() - tensor).norm()
    return half if bool(error <= MAX_ERROR * tensor.norm()) else tensor
