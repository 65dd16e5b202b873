"""Decoder of Mask DINO: queries with boxes, refined layer by layer.

Papers: Mask DINO, https://arxiv.org/abs/2206.02777, section 3.2; DINO,
https://arxiv.org/abs/2203.03605, section 3.5 ("look forward twice").

What was changed: boxes stay logits between layers.
"""

from collections.abc import Callable

import torch
from mmdet.models.layers.transformer.utils import MLP, coordinate_to_encoding
from torch import Tensor, nn

from argus.layers.deform_attention import MSDeformAttention

from .feed_forward import FeedForward
from .structures import EncodedFeatures


class DecoderLayer(nn.Module):
    """Self-attention, deformable cross-attention, feed-forward; each with residual, then norm."""

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
        self.self_attention = nn.MultiheadAttention(
            embed_dim, num_heads, dropout=dropout, batch_first=True
        )
        self.self_norm = nn.LayerNorm(embed_dim)
        self.cross_attention = MSDeformAttention(embed_dim, num_heads, num_levels, num_points)
        self.cross_norm = nn.LayerNorm(embed_dim)
        self.dropout = nn.Dropout(dropout)
        self.feed_forward = FeedForward(embed_dim, ffn_dim, dropout)

    def forward(
        self,
        queries: Tensor,
        positions: Tensor,
        reference_boxes: Tensor,
        features: EncodedFeatures,
        blocked: Tensor | None,
    ) -> Tensor:
        """Update the queries.

        Args:
            queries: (B, Q, C).
            positions: (B, Q, C).
            reference_boxes: (B, Q, L, 4) relative to the padded batch.
            features: What the queries look at.
            blocked: (Q, Q) bool, True where the row may not see the column.
        """
        keys = queries + positions
        update = self.self_attention(keys, keys, queries, attn_mask=blocked, need_weights=False)[0]
        queries = self.self_norm(queries + self.dropout(update))
        update = self.cross_attention(
            queries + positions,
            reference_boxes,
            features.tokens,
            features.spatial_shapes,
            features.padding_mask,
        )
        queries = self.cross_norm(queries + self.dropout(update))
        out: Tensor = self.feed_forward(queries)
        return out


class MaskDINODecoder(nn.Module):
    """The layers and the position code of the boxes.

    Args:
        embed_dim: C, even.
        num_layers: Decoder layers.
        num_heads: Attention heads.
        num_levels: Levels of the features.
        num_points: Sampling points per head and level.
        ffn_dim: Hidden width of the feed-forward network.
        dropout: In all three parts of a layer.
        reference_from: What the box head reads to move the next layer's reference: the ``query``,
            as in the published code, or the ``normed`` one.
    """

    def __init__(
        self,
        embed_dim: int,
        *,
        num_layers: int,
        num_heads: int,
        num_levels: int,
        num_points: int,
        ffn_dim: int,
        dropout: float,
        reference_from: str,
    ) -> None:
        super().__init__()
        self.embed_dim = embed_dim
        self.reference_from = reference_from
        self.position_mlp = MLP(2 * embed_dim, embed_dim, embed_dim, 2)
        self.layers = nn.ModuleList(
            DecoderLayer(
                embed_dim,
                num_heads=num_heads,
                num_levels=num_levels,
                num_points=num_points,
                ffn_dim=ffn_dim,
                dropout=dropout,
            )
            for _ in range(num_layers)
        )
        self.norm = nn.LayerNorm(embed_dim)

    def forward(
        self,
        queries: Tensor,
        box_logits: Tensor,
        features: EncodedFeatures,
        blocked: Tensor | None,
        box_head: Callable[[Tensor], Tensor],
    ) -> tuple[Tensor, Tensor]:
        """Refine queries and boxes.

        Look forward twice: the box of layer i is supervised through the update of layer i and that
        of layer i - 1, while attention starts from boxes without gradient.

        Args:
            queries: (B, Q, C).
            box_logits: (B, Q, 4) float32, without gradient.
            features: What the queries look at.
            blocked: (Q, Q) bool, True where the row may not see the column.
            box_head: Queries (B, Q, C) to updates of the box logits (B, Q, 4).

        Returns:
            Normalised queries (layers + 1, B, Q, C), the first being the input, and boxes
            (layers + 1, B, Q, 4) in [0, 1], the first being the start.
        """
        scale = features.valid_ratios.repeat(1, 2)[:, None]  # (B, 1, 4)
        num_levels = len(features.spatial_shapes)
        states: list[Tensor] = [self.norm(queries)]
        boxes: list[Tensor] = [box_logits.sigmoid()]
        previous = box_logits  # carries the gradient of one update
        for layer in self.layers:
            reference = previous.detach()
            centres_sizes = reference.sigmoid()
            code = coordinate_to_encoding(centres_sizes, num_feats=self.embed_dim // 2)
            positions = self.position_mlp(code.to(queries.dtype))
            reference_boxes = (centres_sizes * scale)[:, :, None].expand(-1, -1, num_levels, -1)
            queries = layer(queries, positions, reference_boxes, features, blocked)
            states.append(self.norm(queries))
            update = box_head(states[-1])
            boxes.append((previous + update).sigmoid())
            if self.reference_from == "query":
                update = box_head(queries)
            previous = reference + update
        return torch.stack(states), torch.stack(boxes)
