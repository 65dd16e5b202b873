"""Look at every step before it is taken: one that is not finite changes nothing.

Everything the host wants to know of a step comes over in one read: the losses and their parts, the
gradient norm, whether any process found something infinite, and whether any was asked to stop. A
bad loss need not be the same on all processes, and a signal comes to one of them, so these two are
agreed on by one small all-reduce before.
"""

from collections.abc import Iterator, Sequence

import torch
from torch import Tensor, nn

from argus.engine.distributed import largest_over_ranks
from argus.engine.gradient_schedule import StepResult, StepValues


@torch.no_grad()
def read_step(result: StepResult, grad_norm: Tensor, *, is_asked_to_stop: bool) -> StepValues:
    """The values of a step; waits for the device once. All processes must call it.

    Args:
        result: What the backward pass left.
        grad_norm: () norm of the averaged gradients, the same on all processes.
        is_asked_to_stop: Whether this process was.
    """
    groups = (result.losses, result.parts, result.grad_norms, result.factors)
    values = [value.detach().float() for group in groups for value in group.values()]
    flat = torch.stack([*(value.reshape(()) for value in values), grad_norm.float().reshape(())])
    decisive = torch.cat([flat[: len(result.losses)], flat[-1:]])
    bad = (~torch.isfinite(decisive)).any().float()
    flags = torch.stack([bad, torch.full_like(bad, float(is_asked_to_stop))])
    read = torch.cat([largest_over_ranks(flags), flat]).tolist()
    found = iter(read[2:])
    losses, parts, norms, factors = ({name: next(found) for name in group} for group in groups)
    return StepValues(
        losses=losses,
        parts=parts,
        grad_norms=norms,
        factors=factors,
        grad_norm=next(found),
        is_finite=not read[0],
        is_asked_to_stop=bool(read[1]),
    )


class BufferKeeper:
    """The buffers that a forward pass changes, such as BatchNorm's, to undo a bad step.

    Args:
        model: In training mode; modules that are not in it change none.
    """

    def __init__(self, model: nn.Module) -> None:
        self._buffers = list(_changing(model))
        self._before: Sequence[Tensor] = ()

    def keep(self) -> None:
        """Note the values before the forward pass."""
        self._before = [buffer.clone() for buffer in self._buffers]

    def restore(self) -> None:
        """Put them back."""
        for buffer, value in zip(self._buffers, self._before, strict=True):
            buffer.copy_(value)


def _changing(model: nn.Module) -> Iterator[Tensor]:
    for module in model.modules():
        if module.training:
            for name, buffer in module.named_buffers(recurse=False):
                if name not in module._non_persistent_buffers_set:
                    yield buffer
