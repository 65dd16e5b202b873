"""The prompter: what a picture shows in a box, as an embedding that is compared with names.

Source: "Contrastive Localized Language-Image Pre-Training" (Chen et al., ICML 2025), as far as its
abstract and the paper's section on grounding go; the count of the paper's table is that of one
layer of the ViT and one query.
"""

import math
from typing import Any

import torch
from torch import Tensor, nn
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
        num_images, num_regions = boxes.shape[:2]
        width = tokens.shape[-1]
        # The layer normalises what it reads, so the code may be as small as the query begins; its
        # share of the outcome, past the layer, is small then.
        query = self.query + _QUERY_STD * box_code(boxes, width).to(self.query.dtype)
        patches = tokens[:, None].expand(-1, num_regions, -1, -1)
        sequence = torch.cat([query[:, :, None], patches.to(query.dtype)], dim=2)
        found = self.layer(sequence.flatten(0, 1), None)[:, 0]
        embeddings: Tensor = self.norm(found)
        return embeddings.unflatten(0, (num_images, num_regions))
