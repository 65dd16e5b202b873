"""The prompter: what a picture shows in a box, as an embedding that is compared with names.

Source: "Contrastive Localized Language-Image Pre-Training" (Chen et al., ICML 2025), as far as its
abstract and the paper's section on grounding go; the count of the paper's table is that of one
layer of the ViT and one query. Codes of places that are added to queries and keys alone are those
of "End-to-End Object Detection with Transformers" (Carion et al., ECCV 2020).
"""

import math
from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F
from transformers.models.siglip.modeling_siglip import SiglipEncoderLayer

from argus.errors import ConfigError

_CODE_SCALE = 2.0
"""Of the codes of boxes, beside tokens that are normalised: at first a query looks by the place."""


def box_code(boxes: Tensor, width: int, *, grid: int) -> Tensor:
    """Sines and cosines of the two corners of boxes, a quarter of them of each coordinate.

    Args:
        boxes: (..., 4) xyxy in [0, 1].
        width: Number of values, a multiple of 8. The slowest wave has two sides of a picture.
        grid: Patches along a side, at least 1; the fastest wave has two of them.

    Returns:
        (..., width) float32.
    """
    waves = math.pi * torch.logspace(0, math.log2(grid), width // 8, base=2, device=boxes.device)
    angles = boxes.float()[..., None] * waves  # (..., 4, width / 8)
    return torch.cat([angles.sin(), angles.cos()], dim=-1).flatten(-2)


def patch_boxes(grid: int) -> Tensor:
    """Boxes of the patches of a square picture, row by row, (grid x grid, 4) xyxy in [0, 1]."""
    rows, columns = torch.meshgrid(torch.arange(grid), torch.arange(grid), indexing="ij")
    starts = torch.stack([columns, rows], dim=-1).flatten(0, 1)
    return torch.cat([starts, starts + 1], dim=-1) / grid


class Prompter(nn.Module):
    """One pre-norm layer by which a query gathers, from the patches, what a box shows.

    The weights are those of an encoder layer of the tower. The query and the patches carry the code
    of their boxes, where they are compared. In a sequence of query, corners and patches, the other
    reading of the paper, the corners could not guide the query: a single layer weighs the patches
    by the query alone, which would be the same for every box.

    Args:
        config: ``SiglipVisionConfig`` of the tower.
        final_norm: Whether the outcome is normalised by a trained layer.

    Raises:
        ConfigError: If the width is no multiple of 8.
    """

    def __init__(self, config: Any, *, final_norm: bool = False) -> None:
        super().__init__()
        width = config.hidden_size
        if width % 8:
            raise ConfigError(
                f"the width of the vision tower must be a multiple of 8 for the code of corners, "
                f"found {width}."
            )
        self.grid = config.image_size // config.patch_size
        self.query = nn.Parameter(nn.init.trunc_normal_(torch.empty(width), std=0.02))
        self.layer = SiglipEncoderLayer(config)
        self.norm = nn.LayerNorm(width, eps=config.layer_norm_eps) if final_norm else nn.Identity()

    @torch.no_grad()
    def initialise(self, init: Callable[[nn.Module], None]) -> None:
        """Start as the tower's layers do, but with keys that are projected as queries are.

        Equal codes are alike then, and the first thing that a query looks at is its own box.
        """
        self.layer.apply(init)
        attention = self.layer.self_attn
        attention.k_proj.weight.copy_(attention.q_proj.weight)

    def forward(self, tokens: Tensor, boxes: Tensor) -> Tensor:
        """Embeddings of boxes.

        Args:
            tokens: (B, N, D) patch tokens of square pictures before the last normalisation.
            boxes: (B, R, 4) xyxy in [0, 1].

        Returns:
            (B, R, D).
        """
        layer, attention = self.layer, self.layer.self_attn
        query = self.query.expand(*boxes.shape[:2], -1)
        patches = patch_boxes(math.isqrt(tokens.shape[1])).to(boxes)
        seen = layer.layer_norm1(tokens.to(query.dtype))
        q = attention.q_proj(layer.layer_norm1(query) + self._code(boxes))
        k = attention.k_proj(seen + self._code(patches))
        q, k, v = (
            values.unflatten(-1, (attention.num_heads, -1)).transpose(1, 2)
            for values in (q, k, attention.v_proj(seen))
        )
        dropout = attention.dropout if self.training else 0.0
        gathered = F.scaled_dot_product_attention(q, k, v, dropout_p=dropout, scale=attention.scale)
        found = query + attention.out_proj(gathered.transpose(1, 2).flatten(2))
        embeddings: Tensor = self.norm(found + layer.mlp(layer.layer_norm2(found)))
        return embeddings

    def _code(self, boxes: Tensor) -> Tensor:
        code = _CODE_SCALE * box_code(boxes, len(self.query), grid=self.grid)
        return code.to(self.query.dtype)
