"""The DPT decoder trunk: four feature maps in, one map of the finest level's size out.

Source: "Vision Transformers for Dense Prediction" (Ranftl et al., ICCV 2021).

What was changed: the backbone's maps already have strides 4 to 32, so the "reassemble" stage with
its transposed convolutions is replaced by one 3x3 convolution per level; and the last fusion block
keeps the size of the finest level (stride 4) instead of doubling it.
"""

from collections.abc import Sequence

from torch import Tensor, nn

from argus.errors import ConfigError
from argus.models.decoders.dpt.fusion import FeatureFusion


class DPTDecoder(nn.Module):
    """Top-down fusion of a feature pyramid.

    Args:
        in_channels: Channels of each level, finest first.
        channels: Channels of the decoder and of its output.
        norm_cfg: Norm inside the residual units, for example ``dict(type="GN", num_groups=32)``;
            ``None``, as in DPT for depth, for none.

    Raises:
        ConfigError: ``in_channels`` names fewer than two levels.
    """

    def __init__(
        self, in_channels: Sequence[int], channels: int = 256, norm_cfg: dict | None = None
    ) -> None:
        super().__init__()
        if isinstance(in_channels, int) or len(in_channels) < 2:
            raise ConfigError(
                "DPTDecoder: in_channels must list the channels of at least two levels, found "
                f"{in_channels}; for a ViT-B backbone use (768, 768, 768, 768)."
            )
        self.in_channels = tuple(in_channels)
        self.channels = channels
        self.level_convs = nn.ModuleList(
            nn.Conv2d(level_channels, channels, 3, padding=1, bias=False)
            for level_channels in in_channels
        )
        coarsest = len(in_channels) - 1
        self.fusions = nn.ModuleList(
            FeatureFusion(channels, norm_cfg=norm_cfg, has_skip=level != coarsest)
            for level in range(len(in_channels))
        )

    def forward(self, maps: Sequence[Tensor]) -> Tensor:
        """Decode.

        Args:
            maps: Feature maps ``(B, in_channels[l], H_l, W_l)``, finest first.

        Returns:
            ``(B, channels, H_0, W_0)``.
        """
        if len(maps) != len(self.in_channels):
            raise ConfigError(
                f"DPTDecoder: in_channels={self.in_channels} expects {len(self.in_channels)} "
                f"feature maps, but the backbone gives {len(maps)}; list one entry per map."
            )
        levels = [
            conv(feature_map) for conv, feature_map in zip(self.level_convs, maps, strict=True)
        ]
        sizes = [(level.shape[-2], level.shape[-1]) for level in levels]
        x = self.fusions[-1](levels[-1], out_size=sizes[-2])
        for index in range(len(levels) - 2, -1, -1):
            x = self.fusions[index](x, levels[index], out_size=sizes[max(index - 1, 0)])
        return x
