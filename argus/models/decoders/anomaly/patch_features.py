"""Features of a patch and its neighbourhood, standardised by what flawless pictures look like.

Source: "SimpleNet" (Liu et al., CVPR 2023, section 3.1), after "PatchCore" (Roth et al., CVPR
2022).

What was changed: at the border of a map the neighbourhood holds existing patches alone, and every
channel is standardised. SimpleNet adds noise of one size to all channels of features from
ImageNet; an adapter's channels differ in size, and per category.
"""

from collections.abc import Sequence

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from argus.errors import ConfigError


class PatchFeatures(nn.Module):
    """Chosen levels, averaged over 3 x 3 neighbours, at the size of the first one, concatenated.

    Args:
        in_channels: Channels of the chosen levels.
        in_index: Their indices among the backbone's maps, the finest first.

    Raises:
        ConfigError: If both differ in length.
    """

    def __init__(self, in_channels: Sequence[int], in_index: Sequence[int]) -> None:
        super().__init__()
        if len(in_channels) != len(in_index) or not in_index:
            raise ConfigError(
                f"anomaly head: in_channels={tuple(in_channels)} must have one entry for every "
                f"level of in_index={tuple(in_index)}."
            )
        self.in_index = tuple(in_index)
        self.out_channels = sum(in_channels)

    def forward(self, maps: Sequence[Tensor]) -> Tensor:
        """Maps (B, C_l, H_l, W_l) of all levels to (B, H, W, out_channels) of the first chosen."""
        levels: list[Tensor] = []
        for index in self.in_index:
            level = F.avg_pool2d(maps[index], 3, stride=1, padding=1, count_include_pad=False)
            if levels and level.shape[-2:] != levels[0].shape[-2:]:
                size = levels[0].shape[-2:]
                level = F.interpolate(level, size=size, mode="bilinear", align_corners=False)
            levels.append(level)
        return torch.cat(levels, dim=1).permute(0, 2, 3, 1)


class ChannelStandardizer(nn.Module):
    """Mean 0 and deviation 1 in every channel, over the first pictures seen in training.

    A batch is standardised by what was seen before it, so no sample depends on its batch-mates;
    before the first batch nothing changes. After ``num_images`` the statistics are fixed. They are
    sums, kept as buffers: saved with the weights, and, as the engine averages buffers over the
    processes after each step, the same everywhere and equal to those of one process.

    Args:
        channels: Channels of the features.
        num_images: Pictures (of each process) to look at.
    """

    count: Tensor
    total: Tensor
    total_square: Tensor

    def __init__(self, channels: int, num_images: int) -> None:
        super().__init__()
        self.num_images = num_images
        self.register_buffer("count", torch.zeros((), dtype=torch.float64))
        self.register_buffer("total", torch.zeros(channels, dtype=torch.float64))
        self.register_buffer("total_square", torch.zeros(channels, dtype=torch.float64))

    def forward(self, features: Tensor) -> Tensor:
        """Standardise (B, H, W, channels); in training mode also take them into account."""
        seen = self.count > 0
        count = self.count.clamp(min=1)
        mean = self.total / count
        variance = (self.total_square / count - mean**2).clamp(min=0)
        # A channel that never changed carries nothing; its noise is not blown up.
        deviation = variance.sqrt().clamp(min=1e-3)
        deviation = torch.where(seen, deviation, torch.ones_like(deviation))
        standardised = (features - mean.to(features)) / deviation.to(features)
        if self.training:
            self._update(features)
        return standardised

    @torch.no_grad()
    def _update(self, features: Tensor) -> None:
        # Arithmetic instead of a branch: reading the count would make the host wait for the device.
        wanted = (self.count < self.num_images).double()
        values = features.double().flatten(1, 2)  # (B, H * W, C)
        self.total += wanted * values.mean(1).sum(0)
        self.total_square += wanted * values.square().mean(1).sum(0)
        self.count += wanted * len(features)
