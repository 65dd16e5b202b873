"""Samples in an order that is given."""

from collections.abc import Iterator, Sequence

from torch.utils.data import Sampler


class FixedOrder(Sampler[int]):
    """Samples by their numbers, once.

    Args:
        indices: The numbers.
    """

    def __init__(self, indices: Sequence[int]) -> None:
        self.indices = indices

    def __iter__(self) -> Iterator[int]:
        return iter(self.indices)

    def __len__(self) -> int:
        return len(self.indices)
