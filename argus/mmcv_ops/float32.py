"""The type that the operators compute in."""

import torch
from torch import Tensor


def wide(tensor: Tensor) -> Tensor:
    """16-bit numbers in float32: coordinates of boxes and samples need more than 11 bits."""
    return tensor.float() if tensor.dtype in (torch.float16, torch.bfloat16) else tensor
