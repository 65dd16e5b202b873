"""mmdet's ``MSDeformAttnPixelDecoder`` with level sizes as integers, which a graph needs.

The modules and the numbers are mmdet's; the sampling is :func:`argus.layers.ms_deform_attn`'s, so
the backend for export applies.
"""

from collections.abc import Sequence
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from argus.export.heads.deformable import attend
from argus.models.backbones.interaction import cell_centres


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
            found = attend(
                layer.self_attn,
                query,
                value=query,
                position=position,
                reference=reference,
                grids=grids,
            )
            query = layer.norms[0](found)
            query = layer.norms[1](layer.ffn(query))
        parts = query.split([rows * columns for rows, columns in grids], dim=1)
        outputs = [
            part.transpose(1, 2).unflatten(2, grid) for part, grid in zip(parts, grids, strict=True)
        ]
        for index in range(source.num_input_levels - source.num_encoder_levels - 1, -1, -1):
            finer = source.lateral_convs[index](maps[index])
            coarse = F.interpolate(
                outputs[-1], size=finer.shape[-2:], mode="bilinear", align_corners=False
            )
            outputs.append(source.output_convs[index](finer + coarse))
        return source.mask_feature(outputs[-1]), outputs[: source.num_outs]
