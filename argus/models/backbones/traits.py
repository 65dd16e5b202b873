"""What a decoder has to know of the backbone that it stands on."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

from torch import Tensor


@dataclass(frozen=True, kw_only=True)
class BackboneTraits:
    """Maps and pictures of a backbone.

    The class of a backbone says them for a config of its own, before anything is built, by a class
    method ``traits_of(config) -> BackboneTraits``.

    Args:
        channels: Channels of its maps, from fine to coarse.
        strides: Their strides, pixels.
        size_divisor: What the sides of a picture must be multiples of.
        mean: Of the red, green and blue that it expects, in [0, 255]; by default DINOv2's.
        std: Their deviations.
    """

    channels: tuple[int, ...]
    strides: tuple[int, ...] = (4, 8, 16, 32)
    size_divisor: int = 32
    mean: tuple[float, float, float] = (123.675, 116.28, 103.53)
    std: tuple[float, float, float] = (58.395, 57.12, 57.375)


@runtime_checkable
class PackingBackbone(Protocol):
    """A backbone that runs once over batches of pictures of several sizes."""

    def forward_packed(self, batches: Sequence[Tensor]) -> list[tuple[Tensor, ...]]:
        """The maps of each batch (B, 3, H, W), as those of each alone; B, H and W vary."""
