"""The prompter: what a picture shows in a box, as an embedding that is compared with names.

Source: "Contrastive Localized Language-Image Pre-Training" (Chen et al., ICML 2025), as far as its
abstract and the paper's section on grounding go; the count of the paper's table is that of one
layer of the ViT and one query.
"""

import math
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F
from transformers.models.siglip.modeling_siglip import SiglipEncoderLayer

from argus.errors import ConfigError

_QUERY_STD = 0.02


def box_code(boxes: Tensor, width: int) -> Tensor:
    """Sines and cosines of the two corners of boxes, a quarter of them of each coordinate.

    Args:
        boxes: (..., 4) xyxy in [0, 1].
        width: Number of values, a multiple of 8. The slowest wave has two sides of a picture, the
            fastest 1/64 of one.

    Returns:
        (..., width) float32.
    """
    waves = math.pi * torch.logspace(0, 7, width // 8, base=2.0, device=boxes.device)
    angles = boxes.float()[..., None] * waves  # (..., 4, width / 8)
    return torch.cat([angles.sin(), angles.cos()], dim=-1).flatten(-2)


class Prompter(nn.Module):
    """One pre-norm encoder layer over a query, which knows the box, and the patch tokens.

    The code of the corners is added to the query. As tokens of their own they could not guide it:
    a single layer weighs the patches by its query alone, which would be the same for every box.

    Args:
        config: ``SiglipVisionConfig`` of the tower.
        final_norm: Whether the outcome is normalised by a trained layer.
    """

    def __init__(self, config: Any, *, final_norm: bool = False) -> None:
        super().__init__()
        width = config.hidden_size
        if width % 8:
            raise ConfigError(
                f"the width of the vision tower must be a multiple of 8 for the code of corners, "
                f"found {width}."
            )
        self.query = nn.Parameter(nn.init.trunc_normal_(torch.empty(width), std=_QUERY_STD))
        self.layer = SiglipEncoderLayer(config)
        self.norm = nn.LayerNorm(width, eps=config.layer_norm_eps) if final_norm else nn.Identity()

    def forward(self, tokens: Tensor, boxes: Tensor) -> Tensor:
        """Embeddings of boxes.

        Args:
            tokens: (B, N, D) patch tokens before the last normalisation.
            boxes: (B, R, 4) xyxy in [0, 1].

        Returns:
            (B, R, D).
        """
        # The layer normalises what it reads, so the code may be as small as the query begins; its
        # share of the outcome, past the layer, is small then.
        code = box_code(boxes, tokens.shape[-1]).to(self.query.dtype)
        found: Tensor = self.norm(self._outcome(self.query + _QUERY_STD * code, tokens))
        return found

    def _outcome(self, queries: Tensor, tokens: Tensor) -> Tensor:
        """What the layer makes of each query in a sequence of it and the tokens, (B, R, D).

        Nothing else of the sequence is read, so nothing else is computed: keys and values of the
        tokens serve all queries, and no query sees another.
        """
        layer, attention = self.layer, self.layer.self_attn
        num_regions, num_tokens = queries.shape[1], tokens.shape[1]
        asked = layer.layer_norm1(queries)
        seen = torch.cat([layer.layer_norm1(tokens.to(queries.dtype)), asked], dim=1)
        q, k, v = (
            project(values).unflatten(-1, (attention.num_heads, -1)).transpose(1, 2)
            for project, values in (
                (attention.q_proj, asked),
                (attention.k_proj, seen),
                (attention.v_proj, seen),
            )
        )
        itself = torch.eye(num_regions, dtype=torch.bool, device=q.device)
        mask = torch.cat([itself.new_ones(num_regions, num_tokens), itself], dim=1)
        dropout = attention.dropout if self.training else 0.0
        gathered = F.scaled_dot_product_attention(
            q, k, v, attn_mask=mask, dropout_p=dropout, scale=attention.scale
        )
        found = queries + attention.out_proj(gathered.transpose(1, 2).flatten(2))
        outcome: Tensor = found + layer.mlp(layer.layer_norm2(found))
        return outcome
