"""Multi-scale deformable attention as a module: offsets, weights, sampling, projection.

Paper: Deformable DETR, https://arxiv.org/abs/2010.04159. Against the stock module: no residual and
no dropout inside, level sizes are Python integers, and the value may be narrower than the query
(``value_ratio``, as in ViT-Adapter, https://arxiv.org/abs/2205.08534).
"""

import math
from collections.abc import Sequence
from functools import lru_cache

import torch
from torch import Tensor, nn

from argus.layers.linear import Linear
from argus.layers.ms_deform_attn import ms_deform_attn
from argus.layers.normed_linear import normed_linear


class MSDeformAttention(nn.Module):
    """Each query looks at a few learned points around its reference on every level.

    Args:
        embed_dim: C, channels of queries, values and output.
        num_heads: H.
        num_levels: L.
        num_points: P, points per head and level.
        value_ratio: Width of the projected value as a share of C.

    Raises:
        ValueError: If the width of the value is not a multiple of the heads.
    """

    def __init__(
        self,
        embed_dim: int,
        num_heads: int,
        num_levels: int,
        num_points: int,
        value_ratio: float = 1.0,
    ) -> None:
        super().__init__()
        value_dim = int(embed_dim * value_ratio)
        if value_dim % num_heads:
            raise ValueError(
                "MSDeformAttention expected a value width divisible by num_heads, found "
                f"{value_dim} (embed_dim {embed_dim} x value_ratio {value_ratio}) and "
                f"{num_heads} heads. Choose other values of value_ratio or num_heads."
            )
        self.num_heads = num_heads
        self.num_levels = num_levels
        self.num_points = num_points
        num_samples = num_heads * num_levels * num_points
        self.sampling_offsets = Linear(embed_dim, num_samples * 2)
        self.attention_weights = Linear(embed_dim, num_samples)
        self.value_proj = Linear(embed_dim, value_dim)
        self.output_proj = Linear(value_dim, embed_dim)
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """Start as Deformable DETR: each head looks in its own direction, uniform weights."""
        angles = torch.arange(self.num_heads, dtype=torch.float32) * (2 * math.pi / self.num_heads)
        ring = torch.stack([angles.cos(), angles.sin()], -1)
        ring = ring / ring.abs().max(-1, keepdim=True).values  # onto the unit square
        steps = torch.arange(1, self.num_points + 1, dtype=torch.float32)
        bias = ring[:, None, None] * steps[:, None]  # (H, 1, P, 2), pixels
        with torch.no_grad():
            self.sampling_offsets.weight.zero_()
            self.sampling_offsets.bias.copy_(bias.expand(-1, self.num_levels, -1, -1).flatten())
            self.attention_weights.weight.zero_()
            self.attention_weights.bias.zero_()
            for layer in (self.value_proj, self.output_proj):
                nn.init.xavier_uniform_(layer.weight)
                layer.bias.zero_()

    def forward(
        self,
        query: Tensor,
        reference_points: Tensor,
        value: Tensor,
        spatial_shapes: Sequence[tuple[int, int]],
        key_padding_mask: Tensor | None = None,
    ) -> Tensor:
        """Attend.

        Args:
            query: (B, Q, C), any position embedding already added.
            reference_points: (B, Q, L, 2) as x, y or (B, Q, L, 4) as centre x, centre y, width,
                height, all in [0, 1]; B and L may be 1 to share them. Offsets are in cells of the
                level around a point, and in units of half a box divided by P around a box.
            value: (B, S, C), the levels joined.
            spatial_shapes: (height, width) of each level.
            key_padding_mask: (B, S), True where the value is padding and counts as zero.

        Returns:
            (B, Q, C), without the residual.

        Raises:
            ValueError: If the reference points have neither 2 nor 4 numbers.
        """
        values = self.value_proj(value)
        if key_padding_mask is not None:
            values = values.masked_fill(key_padding_mask[..., None], 0.0)
        offsets, weights = self.sampling_offsets(query), self.attention_weights(query)
        return self.sample(offsets, weights, reference_points, values, spatial_shapes)

    def attend_normed(
        self,
        query: Tensor,
        query_norm: nn.LayerNorm,
        reference_points: Tensor,
        value: Tensor,
        value_norm: nn.LayerNorm,
        spatial_shapes: Sequence[tuple[int, int]],
    ) -> Tensor:
        """Attend to normalised values by normalised queries, neither of which is kept.

        Args:
            query: As in :meth:`forward`, before ``query_norm``; so are the others.
            query_norm: Of the queries.
            reference_points: Reference points.
            value: Before ``value_norm``.
            value_norm: Of the values.
            spatial_shapes: Levels.
        """
        (values,) = normed_linear(value, value_norm, self.value_proj)
        offsets, weights = normed_linear(
            query, query_norm, self.sampling_offsets, self.attention_weights
        )
        return self.sample(offsets, weights, reference_points, values, spatial_shapes)

    def sample(
        self,
        offsets: Tensor,
        weights: Tensor,
        reference_points: Tensor,
        values: Tensor,
        spatial_shapes: Sequence[tuple[int, int]],
    ) -> Tensor:
        """Sample and project, given what the linear layers made of queries and values.

        Args:
            offsets: (B, Q, H * L * P * 2).
            weights: (B, Q, H * L * P), before the softmax.
            reference_points: As in :meth:`forward`.
            values: (B, S, width of the value).
            spatial_shapes: (height, width) of each level.
        """
        batch, queries, _ = offsets.shape
        heads, levels, points = self.num_heads, self.num_levels, self.num_points
        values = torch.unflatten(values, -1, (heads, -1))
        offsets = offsets.view(batch, queries, heads, levels, points, 2)
        weights = weights.view(batch, queries, heads, levels * points)
        # Sixteen-bit locations would be off by a cell on wide maps: geometry is float32 at least.
        offsets = offsets.to(torch.promote_types(offsets.dtype, torch.float32))
        weights = torch.unflatten(weights.to(offsets.dtype).softmax(-1), -1, (levels, points))
        reference = reference_points[:, :, None, :, None].to(offsets.dtype)  # (B, Q, 1, L, 1, .)
        if reference_points.shape[-1] == 2:
            cell = _cell_sizes(tuple(spatial_shapes), offsets.device, offsets.dtype)
            locations = reference + offsets * cell
        elif reference_points.shape[-1] == 4:
            locations = reference[..., :2] + offsets * reference[..., 2:] * (0.5 / points)
        else:
            raise ValueError(
                "reference_points expected 2 numbers (x, y) or 4 (x, y, width, height) in the last "
                f"dimension, found {reference_points.shape[-1]}."
            )
        sampled = ms_deform_attn(values, spatial_shapes, locations, weights)
        out: Tensor = self.output_proj(sampled)
        return out


@lru_cache(maxsize=64)
def _cell_sizes(
    shapes: tuple[tuple[int, int], ...], device: torch.device, dtype: torch.dtype
) -> Tensor:
    """Return (L, 1, 2): width and height of a cell of each level, in [0, 1] coordinates."""
    with torch.inference_mode(False):  # a cached inference tensor could not be saved for backward
        sizes = [[1 / width, 1 / height] for height, width in shapes]
        return torch.tensor(sizes, device=device, dtype=dtype)[:, None]
