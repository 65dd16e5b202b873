"""Deformable attention sampling through a dense matrix: the fast way for small maps on a CPU.

Paper: Deformable DETR, https://arxiv.org/abs/2010.04159, equation 3. Deformable attention is
attention with a sparse matrix: row q holds, for each sampling point, its weight shared between the
four cells around it. While the maps are small that matrix is cheap to hold, and two matrix products
replace scattered reads and writes of D channels. Measured on one core (8 images, 4 heads of 24
channels, 336 queries, 12 points, 336 cells): 30 ms forward and backward, against 50 ms by
``grid_sample``.
"""

from collections.abc import Sequence
from functools import lru_cache
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor
from torch.autograd.function import once_differentiable

Shapes = tuple[tuple[int, int], ...]


def ms_deform_attn_dense(
    value: Tensor,
    spatial_shapes: Sequence[tuple[int, int]],
    sampling_locations: Tensor,
    attention_weights: Tensor,
) -> Tensor:
    """Sample and sum; see ``ms_deform_attn`` for the arguments.

    Needs memory for (B, H, Q, S) numbers.

    Args:
        value: (B, S, H, D).
        spatial_shapes: (height, width) per level.
        sampling_locations: (B, Q, H, L, P, 2), x then y, in [0, 1].
        attention_weights: (B, Q, H, L, P).

    Returns:
        (B, Q, H * D).
    """
    out: Tensor = _DenseSampling.apply(  # type: ignore[no-untyped-call]
        value, sampling_locations, attention_weights, tuple(spatial_shapes)
    )
    return out


class _DenseSampling(torch.autograd.Function):
    """The matrix product with its hand-written gradient, which never builds the sparse graph."""

    @staticmethod
    def forward(
        ctx: Any, value: Tensor, locations: Tensor, attention: Tensor, shapes: Shapes
    ) -> Tensor:
        batch, cells, heads, channels = value.shape
        queries = locations.shape[1]
        index, fractions = _corners(locations, shapes, cells)
        fx, fy = fractions.unbind(-1)
        attention = attention.transpose(1, 2)  # (B, H, Q, L, P)
        lower = attention * fy
        upper = attention - lower
        upper_right, lower_right = upper * fx, lower * fx
        weights = torch.stack(
            [upper - upper_right, upper_right, lower - lower_right, lower_right], dim=3
        )
        # One more column takes what falls outside the maps, and is never read.
        matrix = value.new_zeros(batch * heads, queries, cells + 1)
        matrix.scatter_add_(2, index, weights.flatten(3).flatten(0, 1))
        values = value.transpose(1, 2).flatten(0, 1)  # (B*H, S, D)
        out = torch.bmm(matrix[..., :cells], values)
        ctx.save_for_backward(matrix, values, index, fx, fy, attention)
        ctx.shapes = shapes
        return torch.unflatten(out, 0, (batch, heads)).transpose(1, 2).flatten(2)

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor, Tensor, Tensor, None]:
        # A caller may run backward inside autocast, which would round these products to 16 bits.
        with torch.autocast(gradient.device.type, enabled=False):
            return (*_gradients(ctx.saved_tensors, ctx.shapes, gradient), None)


def _gradients(
    saved: tuple[Tensor, ...], shapes: Shapes, gradient: Tensor
) -> tuple[Tensor, Tensor, Tensor]:
    """Return the gradients of value, locations and weights for that of the output (B, Q, H*D)."""
    matrix, values, index, fx, fy, attention = saved
    batch, heads, queries, levels, points = attention.shape
    gradient = torch.unflatten(gradient, -1, (heads, -1)).transpose(1, 2).flatten(0, 1)
    matrix_cells = matrix[..., : values.shape[1]].transpose(1, 2)
    grad_value = torch.unflatten(torch.bmm(matrix_cells, gradient), 0, (batch, heads))
    # How much the result gains from each cell; zero for the column of what falls outside.
    gain = torch.bmm(gradient, F.pad(values, (0, 0, 0, 1)).transpose(1, 2)).gather(2, index)
    corners = gain.view(batch, heads, queries, 4, levels, points).unbind(3)
    across_upper, across_lower = corners[1] - corners[0], corners[3] - corners[2]
    upper = torch.addcmul(corners[0], across_upper, fx)
    lower = torch.addcmul(corners[2], across_lower, fx)
    down = lower - upper
    grad_attention = torch.addcmul(upper, down, fy)
    across = torch.lerp(across_upper, across_lower, fy)
    grad_locations = torch.stack([across, down], -1).mul_(attention[..., None])
    grad_locations *= _level_sizes(shapes, values.device)[0]
    return (
        grad_value.transpose(1, 2),
        grad_locations.transpose(1, 2),
        grad_attention.transpose(1, 2),
    )


def _corners(locations: Tensor, shapes: Shapes, cells: int) -> tuple[Tensor, Tensor]:
    """Find the four cells around each point.

    Args:
        locations: (B, Q, H, L, P, 2).
        shapes: (height, width) per level.
        cells: S; stands for a cell outside the maps.

    Returns:
        Cells (B*H, Q, 4*L*P) in the order upper left, upper right, lower left, lower right, and the
        position of the point between them (B, H, Q, L, P, 2), in [0, 1).
    """
    sizes, starts = _level_sizes(shapes, locations.device)
    pixels = torch.addcmul(locations.new_tensor(-0.5), locations, sizes.to(locations.dtype))
    pixels = pixels.transpose(1, 2)
    whole = pixels.floor()
    fractions = pixels - whole
    # Far points keep away from the limits of the integers; they stay outside.
    whole = torch.minimum(whole.clamp_(min=-2), sizes.to(whole.dtype)).int()
    left, top = whole.unbind(-1)
    width, height = sizes[..., 0], sizes[..., 1]
    in_left, in_right = (left >= 0) & (left < width), (left >= -1) & (left < width - 1)
    in_top, in_bottom = (top >= 0) & (top < height), (top >= -1) & (top < height - 1)
    upper_left = torch.addcmul(starts, top, width) + left
    lower_left = upper_left + width
    outside = upper_left.new_tensor(cells)
    index = torch.stack(
        [
            torch.where(in_top & in_left, upper_left, outside),
            torch.where(in_top & in_right, upper_left + 1, outside),
            torch.where(in_bottom & in_left, lower_left, outside),
            torch.where(in_bottom & in_right, lower_left + 1, outside),
        ],
        dim=3,
    )
    return index.flatten(3).flatten(0, 1).long(), fractions


@lru_cache(maxsize=64)
def _level_sizes(shapes: Shapes, device: torch.device) -> tuple[Tensor, Tensor]:
    """Return (L, 1, 2) widths and heights, and (L, 1) first cells; int32."""
    starts = [0]
    for height, width in shapes[:-1]:
        starts.append(starts[-1] + height * width)
    with torch.inference_mode(False):  # a cached inference tensor could not be saved for backward
        sizes = torch.tensor([[w, h] for h, w in shapes], dtype=torch.int32, device=device)
        return sizes[:, None], torch.tensor(starts, dtype=torch.int32, device=device)[:, None]
