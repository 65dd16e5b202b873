"""How a decoder's preprocessor turns pixels into the network's input, as one value to compare."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor


@dataclass(frozen=True)
class Normaliser:
    """Channel order, mean, standard deviation and padding; tasks with equal ones can share a pass.

    Args:
        mean: Of the three channels in [0, 255], in the order of the network; empty for none.
        std: Standard deviation of them.
        is_rgb: Whether the network takes RGB, else BGR.
        pad_value: Padding of the normalised picture.
    """

    mean: tuple[float, ...]
    std: tuple[float, ...]
    is_rgb: bool
    pad_value: float

    @classmethod
    def of(cls, preprocessor: Any) -> "Normaliser":
        """That of a decoder's ``data_preprocessor``; pipelines load BGR.

        Args:
            preprocessor: One of mmengine, of a library derived from it, or of mmpretrain.
        """
        mean, std = getattr(preprocessor, "mean", None), getattr(preprocessor, "std", None)
        # mmpretrain says to_rgb; the others note that channels are swapped.
        swaps = getattr(preprocessor, "to_rgb", getattr(preprocessor, "_channel_conversion", False))
        pad = getattr(preprocessor, "pad_value", getattr(preprocessor, "pad_val", 0.0))
        return cls(
            mean=() if mean is None else tuple(mean.flatten().tolist()),
            std=() if std is None else tuple(std.flatten().tolist()),
            is_rgb=bool(swaps),
            pad_value=float(pad) if isinstance(pad, (int, float)) else 0.0,
        )

    def __call__(
        self, images: Sequence[np.ndarray], *, divisor: int, device: torch.device
    ) -> Tensor:
        """Normalised pictures, padded on the right and at the bottom.

        Args:
            images: RGB (H, W, 3) uint8, all of one size.
            divisor: What the padded sides are multiples of.
            device: Where the result lies; pixels go there as uint8.

        Returns:
            (B, 3, H', W') float32.
        """
        pixels = torch.from_numpy(np.stack(images)).to(device, non_blocking=True)
        batch = pixels.permute(0, 3, 1, 2)
        if not self.is_rgb:
            batch = batch.flip(1)
        batch = batch.float()
        if self.mean:
            mean = batch.new_tensor(self.mean).view(1, -1, 1, 1)
            batch = (batch - mean) / batch.new_tensor(self.std).view(1, -1, 1, 1)
        height, width = batch.shape[-2:]
        return F.pad(
            batch.contiguous(), (0, -width % divisor, 0, -height % divisor), value=self.pad_value
        )
