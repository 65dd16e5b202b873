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


def corner_code(points: Tensor, width: int) -> Tensor:
    """Sines and cosines of points, half of them of x and half of y.

    Args:
        points: (..., 2) xy in [0, 1].
        width: Number of values, a multiple of 4. The slowest wave has two sides of a picture, the
            fastest 1/64 of one.

    Returns:
        (..., width) float32.
    """
    waves = math.pi * torch.logspace(0, 7, width // 4, base=2.0, device=points.device)
    angles = points.float()[..., None] * waves  # (..., 2, width / 4)
    return torch.cat([angles.sin(), angles.cos()], dim=-1).flatten(-2)


class Prompter(nn.Module):
    """One pre-norm encoder layer over a query, two corners and the patch tokens of a picture.

    Args:
        config: ``SiglipVisionConfig`` of the tower.
        corner_types: Whether to add a trained vector per corner, which tells them apart; without,
            the box is told by the two points.
        final_norm: Whether the outcome is normalised by a trained layer.
    """

    def __init__(
        self, config: Any, *, corner_types: bool = False, final_norm: bool = False
    ) -> None:
        super().__init__()
        width = config.hidden_size
        if width % 4:
            raise ConfigError(
                f"the width of the vision tower must be a multiple of 4 for the code of corners, "
                f"found {width}."
            )
        self.query = nn.Parameter(nn.init.trunc_normal_(torch.empty(width), std=0.02))
        self.layer = SiglipEncoderLayer(config)
        self.types = nn.Parameter(torch.zeros(2, width)) if corner_types else None
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
        corners = corner_code(boxes.unflatten(-1, (2, 2)), width)  # (B, R, 2, D)
        if self.types is not None:
            corners = corners + self.types
        query = self.query.expand(num_images, num_regions, 1, width)
        patches = tokens[:, None].expand(-1, num_regions, -1, -1)
        sequence = torch.cat([query, corners.to(query.dtype), patches.to(query.dtype)], dim=2)
        found = self.layer(sequence.flatten(0, 1), None)[:, 0]
        embeddings: Tensor = self.norm(found)
        return embeddings.unflatten(0, (num_images, num_regions))
