"""The precision in which losses are computed."""

import torch
from torch import Tensor


def at_least_float32(x: Tensor) -> Tensor:
    """``x`` in float32, or in its own type if that is finer.

    Under autocast a network gives bfloat16, whose 8 bits resolve a logarithm of depth to one
    percent only. The operations of the losses are not ones that autocast would narrow again.
    """
    return x.to(torch.promote_types(x.dtype, torch.float32))
