"""The processes that a loss is computed over: each shows its rows, and gets back what is theirs."""

from collections.abc import Iterator, Sequence

import torch
import torch.distributed as dist
from torch import Tensor


class Peers:
    """All processes of the training, in the order of their ranks; one alone without a group."""

    @property
    def number(self) -> int:
        """How many there are."""
        return dist.get_world_size() if dist.is_initialized() else 1

    @property
    def rank(self) -> int:
        """Place of this one."""
        return dist.get_rank() if dist.is_initialized() else 0

    def shown(self, own: Sequence[Tensor]) -> Iterator[tuple[int, list[Tensor]]]:
        """Rank and tensors of one process after the other, never two of them in memory.

        Args:
            own: Tensors of this process, of the same shapes in all.
        """
        for owner in range(self.number):
            found = [
                value.contiguous() if owner == self.rank else torch.empty_like(value)
                for value in own
            ]
            if self.number > 1:
                for value in found:
                    dist.broadcast(value, owner)
            yield owner, found

    def send_home(self, value: Tensor, owner: int) -> Tensor | None:
        """The sum of what all processes have for one of them, in that one."""
        if self.number > 1:
            dist.reduce(value, owner)
        return value if owner == self.rank else None

    def total(self, value: Tensor) -> Tensor:
        """The sum over all of them."""
        if self.number > 1:
            dist.all_reduce(value)
        return value
