"""Tokens of images of several sizes in one sequence, and where each image's lie.

What works token by token (linear layers, norms, residuals) then runs once for all images; attention
has to know the images apart (:mod:`argus.layers.attention`).
"""

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor


@dataclass(frozen=True)
class Packing:
    """How groups of images lie one behind another; hashable, so that masks are made once.

    Args:
        groups: Of each group (images, tokens of each).
    """

    groups: tuple[tuple[int, int], ...]

    @classmethod
    def of(cls, parts: Sequence[Tensor]) -> "Packing":
        """The packing of parts (B, N, ...), one for each group."""
        return cls(tuple((part.shape[0], part.shape[1]) for part in parts))

    def join(self, parts: Sequence[Tensor]) -> Tensor:
        """Return (T, ...), the tokens of all images, for parts (B, N, ...)."""
        assert self == Packing.of(parts), f"{self} is not of these parts"
        return torch.cat([part.flatten(0, 1) for part in parts])

    def split(self, tokens: Tensor) -> list[Tensor]:
        """Undo :meth:`join`, without copies."""
        parts = torch.split(tokens, [images * length for images, length in self.groups])
        pairs = zip(parts, self.groups, strict=True)
        return [torch.unflatten(part, 0, group) for part, group in pairs]

    @property
    def lengths(self) -> list[int]:
        """Tokens of every image."""
        return [length for images, length in self.groups for _ in range(images)]

    @property
    def longest(self) -> int:
        """Most tokens of an image."""
        return max(length for _, length in self.groups)
