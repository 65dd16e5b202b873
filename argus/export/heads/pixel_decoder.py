"""mmdet's ``MSDeformAttnPixelDecoder`` with level sizes as integers, which a graph needs.

The modules and the numbers are mmdet's; the sampling is :func:`argus.layers.ms_deform_attn`'s, so
the backend for export applies.
"""

from collections.abc import Sequence
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from argus.layers.ms_deform_attn import ms_deform_attn
from argus.models.backbones.interaction import cell_centres

Grid = tuple[int, int]


class FixedPixelDecoder(nn.Module):
    """The same pixel decoder for maps of a fixed size.

    Args:
        source: An ``MSDeformAttnPixelDecoder``; its modules are used, not copied.
    """

    def __init__(self, source: Any) -> None:
        super().__init__()
        self.source = source

    def forward(self, maps: Sequence[Tensor]) -> tuple[Tensor, list[Tensor]]:
        """As the original: the mask feature, and the levels from coarse to fine."""
        source = self.source
        levels = list(maps)[::-1][: source.num_encoder_levels]  # coarse to fine
        grids = tuple((level.shape[-2], level.shape[-1]) for level in levels)
        tokens, positions = [], []
        for index, level in enumerate(levels):
            tokens.append(source.input_convs[index](level).flatten(2).transpose(1, 2))
            nowhere = torch.zeros_like(level[:, 0], dtype=torch.bool)  # no padding
            position = source.postional_encoding(nowhere)
            position = position + source.level_encoding.weight[index].view(1, -1, 1, 1)
            positions.append(position.flatten(2).transpose(1, 2))
        query, position = torch.cat(tokens, 1), torch.cat(positions, 1)
        reference = cell_centres(grids, query.device)  # (1, S, 1, 2)
        for layer in source.encoder.layers:
            query = layer.norms[0](_attend(layer.self_attn, query, position, reference, grids))
            query = layer.norms[1](layer.ffn(query))
        parts = query.split([rows * columns for rows, columns in grids], dim=1)
        found = [
            part.transpose(1, 2).unflatten(2, grid) for part, grid in zip(parts, grids, strict=True)
        ]
        for index in range(source.num_input_levels - source.num_encoder_levels - 1, -1, -1):
            finer = source.lateral_convs[index](maps[index])
            coarse = F.interpolate(
                found[-1], size=finer.shape[-2:], mode="bilinear", align_corners=False
            )
            found.append(source.output_convs[index](finer + coarse))
        return source.mask_feature(found[-1]), found[: source.num_outs]


def _attend(
    attention: Any, query: Tensor, position: Tensor, reference: Tensor, grids: tuple[Grid, ...]
) -> Tensor:
    """Self-attention of mmcv's ``MultiScaleDeformableAttention`` in eval mode, with residual."""
    heads, levels, points = attention.num_heads, attention.num_levels, attention.num_points
    value = attention.value_proj(query).unflatten(-1, (heads, -1))
    moved = query + position
    offsets = attention.sampling_offsets(moved).unflatten(-1, (heads, levels, points, 2))
    weights = attention.attention_weights(moved).unflatten(-1, (heads, -1)).softmax(-1)
    cells = query.new_tensor([[columns, rows] for rows, columns in grids])[:, None]  # (L, 1, 2)
    locations = reference[:, :, None, :, None] + offsets / cells
    sampled = ms_deform_attn(value, grids, locations, weights.unflatten(-1, (levels, points)))
    out: Tensor = attention.output_proj(sampled) + query
    return out
