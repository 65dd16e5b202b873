"""A mean over what is there in all processes, which may be little or nothing in one of them."""

import torch
import torch.distributed as dist
from torch import Tensor


def valid_mean(values: Tensor, valid: Tensor) -> Tensor:
    """Mean of the valid values of all processes, as far as this one goes.

    Averaged over the processes, as DDP averages gradients, it is that mean. All processes must
    call it.

    Args:
        values: (n,) float; those that are not valid have no influence.
        valid: (n,) bool; n may differ between the processes.

    Returns:
        () float; 0 if no process has any.
    """
    number = valid.sum().to(values.dtype)
    world_size = 1
    if dist.is_initialized() and (world_size := dist.get_world_size()) > 1:
        dist.all_reduce(number)
    return values.where(valid, 0.0).sum() * (world_size / number.clamp(min=1))


def float32(*tensors: Tensor) -> tuple[Tensor, ...]:
    """The tensors in float32, or in their own type if that is finer."""
    return tuple(value.to(torch.promote_types(value.dtype, torch.float32)) for value in tensors)
