"""Pixel encoder of Mask DINO: deformable attention over three or four scales, and the mask feature.

Paper: Mask DINO, https://arxiv.org/abs/2206.02777, section 3.2; the encoder is that of Deformable
DETR, https://arxiv.org/abs/2010.04159, the mask feature that of Mask2Former.

What was changed: valid ratios are the exact share of the image in the padded batch, not a count of
cells per level, so all levels agree.
"""

from collections.abc import Sequence
from typing import Any

import torch
import torch.nn.functional as F
from mmdet.models.layers.transformer.utils import coordinate_to_encoding
from mmengine.model import BaseModule
from torch import Tensor, nn

from argus.errors import ConfigError
from argus.layers.deform_attention import MSDeformAttention
from argus.registry import MODELS

from .feed_forward import FeedForward
from .structures import EncodedFeatures


class DeformableEncoderLayer(nn.Module):
    """Deformable self-attention and a feed-forward network, each with residual, then LayerNorm."""

    def __init__(
        self,
        embed_dim: int,
        *,
        num_heads: int,
        num_levels: int,
        num_points: int,
        ffn_dim: int,
        dropout: float,
    ) -> None:
        super().__init__()
        self.attention = MSDeformAttention(embed_dim, num_heads, num_levels, num_points)
        self.attention_norm = nn.LayerNorm(embed_dim)
        self.dropout = nn.Dropout(dropout)
        self.feed_forward = FeedForward(embed_dim, ffn_dim, dropout)

    def forward(
        self,
        tokens: Tensor,
        positions: Tensor,
        reference_points: Tensor,
        spatial_shapes: Sequence[tuple[int, int]],
        padding_mask: Tensor | None,
    ) -> Tensor:
        """Update the tokens (B, S, C); ``reference_points`` is (B or 1, S, L, 2)."""
        update = self.attention(
            tokens + positions, reference_points, tokens, spatial_shapes, padding_mask
        )
        tokens = self.attention_norm(tokens + self.dropout(update))
        out: Tensor = self.feed_forward(tokens)
        return out


@MODELS.register_module()
class MaskDINOPixelEncoder(BaseModule):
    """Feature maps in, refined tokens and the mask feature out.

    Args:
        in_channels: Channels of the feature maps, strides 4, 8, 16, 32.
        embed_dim: C, channels inside.
        mask_dim: D, channels of the mask feature.
        num_layers: Encoder layers.
        num_heads: Attention heads.
        num_points: Sampling points per head and level.
        ffn_dim: Hidden width of the feed-forward network.
        levels: Maps that become tokens, fine to coarse: (1, 2, 3) is the three-scale model,
            (0, 1, 2, 3) the four-scale one.
        num_extra_levels: Coarser maps made by strided convolution on the last one.
        dropout: In the encoder layers.
        norm_groups: Groups of every GroupNorm.
        position_code: Whose place, relative to the image, a token's position code has: the ``end``
            of its cell, right and below, as the published code counts cells, or its ``centre``.
        init_cfg: See mmengine's ``BaseModule``.

    Raises:
        ConfigError: ``levels`` is not an increasing choice of the maps, or a width does not divide.
    """

    def __init__(
        self,
        *,
        in_channels: Sequence[int],
        embed_dim: int = 256,
        mask_dim: int = 256,
        num_layers: int = 6,
        num_heads: int = 8,
        num_points: int = 4,
        ffn_dim: int = 2048,
        levels: Sequence[int] = (1, 2, 3),
        num_extra_levels: int = 0,
        dropout: float = 0.0,
        norm_groups: int = 32,
        position_code: str = "end",
        init_cfg: dict[str, Any] | None = None,
    ) -> None:
        super().__init__(init_cfg=init_cfg)
        if not levels or any(b <= a for a, b in zip(levels, levels[1:], strict=False)):
            raise ConfigError(
                f"MaskDINOPixelEncoder: levels must be increasing indices, found {tuple(levels)}; "
                "use (1, 2, 3) or (0, 1, 2, 3)."
            )
        if levels[0] < 0 or levels[-1] >= len(in_channels):
            raise ConfigError(
                f"MaskDINOPixelEncoder: levels {tuple(levels)} name a map outside the "
                f"{len(in_channels)} of in_channels; give in_channels one entry per map."
            )
        if embed_dim % 4 or embed_dim % norm_groups:
            raise ConfigError(
                f"MaskDINOPixelEncoder: embed_dim must be a multiple of 4 and of norm_groups, "
                f"found embed_dim={embed_dim} and norm_groups={norm_groups}."
            )
        if position_code not in ("end", "centre"):
            raise ConfigError(
                "MaskDINOPixelEncoder: position_code must be 'end' or 'centre', found "
                f"{position_code!r}."
            )
        num_levels = len(levels) + num_extra_levels
        self.position_code = position_code
        self.embed_dim = embed_dim
        self.mask_dim = mask_dim
        self.levels = tuple(levels)
        self.num_levels = num_levels

        def projection(channels: int, kernel_size: int, stride: int) -> nn.Sequential:
            padding = kernel_size // 2
            return nn.Sequential(
                nn.Conv2d(channels, embed_dim, kernel_size, stride, padding),
                nn.GroupNorm(norm_groups, embed_dim),
            )

        self.input_projections = nn.ModuleList(projection(in_channels[i], 1, 1) for i in levels)
        self.extra_projections = nn.ModuleList(
            projection(in_channels[levels[-1]] if i == 0 else embed_dim, 3, 2)
            for i in range(num_extra_levels)
        )
        self.level_embed = nn.Parameter(torch.empty(num_levels, embed_dim))
        self.layers = nn.ModuleList(
            DeformableEncoderLayer(
                embed_dim,
                num_heads=num_heads,
                num_levels=num_levels,
                num_points=num_points,
                ffn_dim=ffn_dim,
                dropout=dropout,
            )
            for _ in range(num_layers)
        )
        self.lateral = nn.Sequential(
            nn.Conv2d(in_channels[0], embed_dim, 1, bias=False),
            nn.GroupNorm(norm_groups, embed_dim),
        )
        self.output = nn.Sequential(
            nn.Conv2d(embed_dim, embed_dim, 3, padding=1, bias=False),
            nn.GroupNorm(norm_groups, embed_dim),
            nn.ReLU(inplace=True),
        )
        self.mask_projection = nn.Conv2d(embed_dim, mask_dim, 1)
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """Xavier for the projections, He for the mask branch."""
        nn.init.normal_(self.level_embed)
        for module in (self.input_projections, self.extra_projections):
            for layer in module.modules():
                if isinstance(layer, nn.Conv2d):
                    nn.init.xavier_uniform_(layer.weight)
                    if layer.bias is not None:
                        nn.init.zeros_(layer.bias)
        for branch in (self.lateral, self.output, self.mask_projection):
            for layer in branch.modules():
                if isinstance(layer, nn.Conv2d):
                    nn.init.kaiming_uniform_(layer.weight, a=1)
                    if layer.bias is not None:
                        nn.init.zeros_(layer.bias)

    def forward(
        self, features: Sequence[Tensor], ratios: Tensor, *, is_padded: bool
    ) -> EncodedFeatures:
        """Encode.

        Args:
            features: One map (B, C_i, H / s_i, W / s_i) per entry of ``in_channels``.
            ratios: (B, 2) as x, y: share of the padded batch that is image.
            is_padded: Whether any ratio is below 1; known on the host, it saves the masking.

        Returns:
            Tokens, their geometry, and the mask feature (B, D, H / 4, W / 4).
        """
        maps = [
            proj(features[i]) for i, proj in zip(self.levels, self.input_projections, strict=True)
        ]
        for i, proj in enumerate(self.extra_projections):
            maps.append(proj(features[self.levels[-1]] if i == 0 else maps[-1]))
        shapes = tuple((x.shape[-2], x.shape[-1]) for x in maps)
        centres, corners = _token_points(shapes, maps[0].device)  # (S, 2) in the padded batch
        if is_padded:
            points, starts = centres / ratios[:, None], corners / ratios[:, None]  # (B, S, 2)
            padding_mask = (corners >= ratios[:, None]).any(-1)
        else:
            points, starts, padding_mask = centres[None], corners[None], None

        tokens = torch.cat([x.flatten(2).transpose(1, 2) for x in maps], 1)  # (B, S, C)
        sizes = [h * w for h, w in shapes]
        places = points if self.position_code == "centre" else points + (points - starts)
        positions = coordinate_to_encoding(places, num_feats=self.embed_dim // 2)
        levels = torch.cat(
            [row.expand(n, -1) for row, n in zip(self.level_embed, sizes, strict=True)]
        )
        positions = (positions + levels).to(tokens.dtype)
        reference_points = centres[None, :, None].expand(-1, -1, len(shapes), -1)
        for layer in self.layers:
            tokens = layer(tokens, positions, reference_points, shapes, padding_mask)

        finest = tokens[:, : sizes[0]].transpose(1, 2).reshape(tokens.shape[0], -1, *shapes[0])
        lateral = self.lateral(features[0])
        if finest.shape[-2:] != lateral.shape[-2:]:
            finest = F.interpolate(
                finest, size=lateral.shape[-2:], mode="bilinear", align_corners=False
            )
        mask_features = self.mask_projection(self.output(lateral + finest))
        points = points.expand(tokens.shape[0], -1, -1)
        return EncodedFeatures(tokens, shapes, padding_mask, ratios, points, mask_features)


def _token_points(shapes: Sequence[tuple[int, int]], device: torch.device) -> tuple[Tensor, Tensor]:
    """Centres and upper left corners of the cells of all levels, (S, 2) as x, y in [0, 1]."""
    centres, corners = [], []
    for height, width in shapes:
        y, x = torch.meshgrid(
            torch.arange(height, device=device, dtype=torch.float32),
            torch.arange(width, device=device, dtype=torch.float32),
            indexing="ij",
        )
        x, y = x.flatten(), y.flatten()
        centres.append(torch.stack([(x + 0.5) / width, (y + 0.5) / height], -1))
        corners.append(torch.stack([x / width, y / height], -1))
    return torch.cat(centres), torch.cat(corners)
