"""Deformable attention sampling as a sum over bags of rows: the fast way on a CPU.

Paper: Deformable DETR, https://arxiv.org/abs/2010.04159, equation 3. A query's result is a weighted
sum of the rows of its head at the four cells around each of its points. ``embedding_bag`` is that
sum in one pass over rows of D adjacent numbers, where ``grid_sample`` gathers every channel from a
plane of its own and keeps all samples for the backward pass. Measured on one core (12 heads of 32
channels), forward and backward, against ``grid_sample``: 0.33 of the time for 5,376 queries of 4
points on a map of 32 x 32, 0.70 for 1,024 queries of 12 points on 64 x 64, 32 x 32 and 16 x 16.
"""

from collections.abc import Sequence
from functools import lru_cache
from typing import Any

import torch
import torch.nn.functional as F
from scipy.sparse import csr_array
from torch import Tensor
from torch.autograd.function import once_differentiable

Shapes = tuple[tuple[int, int], ...]


def ms_deform_attn_bag(
    value: Tensor,
    spatial_shapes: Sequence[tuple[int, int]],
    sampling_locations: Tensor,
    attention_weights: Tensor,
) -> Tensor:
    """Sample and sum; see ``ms_deform_attn`` for the arguments.

    Args:
        value: (B, S, H, D), on the CPU.
        spatial_shapes: (height, width) per level.
        sampling_locations: (B, Q, H, L, P, 2), x then y, in [0, 1].
        attention_weights: (B, Q, H, L, P).

    Returns:
        (B, Q, H * D).
    """
    out: Tensor = _Sum.apply(  # type: ignore[no-untyped-call]
        value, sampling_locations, attention_weights, tuple(spatial_shapes)
    )
    return out


class _Sum(torch.autograd.Function):
    """The sum with its hand-written gradient, which keeps cells and places, but no samples."""

    @staticmethod
    def forward(
        ctx: Any, value: Tensor, locations: Tensor, attention: Tensor, shapes: Shapes
    ) -> Tensor:
        rows, fractions = _corners(locations, shapes, heads=value.shape[2])
        weights = _shares(attention, fractions)
        table = _table(value)
        out = F.embedding_bag(rows, table, per_sample_weights=weights, mode="sum")
        ctx.save_for_backward(table, rows, fractions, attention)
        ctx.shapes, ctx.value_shape = shapes, value.shape
        return out.view(*locations.shape[:2], -1)

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor, Tensor, Tensor, None]:
        table, rows, fractions, attention = ctx.saved_tensors
        gradient = gradient.contiguous().view(len(rows), -1)  # (B*Q*H, D)
        weights = _shares(attention, fractions)
        to_value = _add_bags_to_rows(rows, weights, gradient, len(table))[:-1]
        to_value = to_value.view(ctx.value_shape)
        with torch.enable_grad():  # what a query gains from each of its rows
            bags = F.embedding_bag(
                rows, table, per_sample_weights=weights.requires_grad_(), mode="sum"
            )
        (gain,) = torch.autograd.grad(bags, weights, gradient)
        upper_left, upper_right, lower_left, lower_right = gain.view(*attention.shape, 4).unbind(-1)
        fx, fy = fractions.unbind(-1)
        across_upper, across_lower = upper_right - upper_left, lower_right - lower_left
        upper = torch.addcmul(upper_left, across_upper, fx)
        down = torch.addcmul(lower_left, across_lower, fx) - upper
        to_attention = torch.addcmul(upper, down, fy)
        to_locations = torch.stack([torch.lerp(across_upper, across_lower, fy), down], dim=-1)
        to_locations *= attention[..., None] * _level_sizes(ctx.shapes)[0]
        return to_value, to_locations, to_attention, None


def _table(value: Tensor) -> Tensor:
    """(B*S*H + 1, D): the rows of ``value``, and one of zeros for what lies outside the maps."""
    rows = value.flatten(0, 2)
    return torch.cat([rows, rows.new_zeros(1, rows.shape[1])])


@torch.library.custom_op("argus::add_bags_to_rows", mutates_args=())
def _add_bags_to_rows(rows: Tensor, weights: Tensor, bags: Tensor, num_rows: int) -> Tensor:
    """Add each bag (D,), times the weight, to each of its rows: (num_rows, D).

    Args:
        rows: (N, K) int32, of the K rows of each bag.
        weights: (N, K).
        bags: (N, D).
        num_rows: Of the result.
    """
    num_bags, size = rows.shape
    starts = torch.arange(0, num_bags * size + 1, max(size, 1), dtype=torch.int32)
    matrix = csr_array(
        (weights.flatten().numpy(), rows.flatten().numpy(), starts.numpy()),
        shape=(num_bags, num_rows),
    )
    return torch.from_numpy(matrix.T @ bags.contiguous().numpy())


@_add_bags_to_rows.register_fake
def _(rows: Tensor, weights: Tensor, bags: Tensor, num_rows: int) -> Tensor:
    return bags.new_empty(num_rows, bags.shape[1])


def _corners(locations: Tensor, shapes: Shapes, *, heads: int) -> tuple[Tensor, Tensor]:
    """Find the four cells around each point.

    Args:
        locations: (B, Q, H, L, P, 2).
        shapes: (height, width) per level.
        heads: H.

    Returns:
        Rows of the table (B*Q*H, L*P*4), int32, in the order upper left, upper right, lower left,
        lower right, and the position of the point between them (B, Q, H, L, P, 2), in [0, 1).
    """
    batch = locations.shape[0]
    sizes, starts = _level_sizes(shapes)
    cells = sum(height * width for height, width in shapes)
    pixels = torch.addcmul(locations.new_tensor(-0.5), locations, sizes.to(locations.dtype))
    whole = pixels.floor()
    fractions = pixels - whole
    # Far points keep away from the limits of the integers; they stay outside.
    whole = torch.minimum(whole.clamp_(min=-2), sizes.to(whole.dtype)).int()
    left, top = whole.unbind(-1)
    width, height = sizes[..., 0], sizes[..., 1]
    in_left, in_right = (left >= 0) & (left < width), (left >= -1) & (left < width - 1)
    in_top, in_bottom = (top >= 0) & (top < height), (top >= -1) & (top < height - 1)
    first = starts + (torch.arange(batch, dtype=torch.int32) * cells)[:, None, None, None, None]
    head = torch.arange(heads, dtype=torch.int32)[:, None, None]
    upper_left = (torch.addcmul(first, top, width) + left) * heads + head
    lower_left = upper_left + width * heads
    outside = upper_left.new_tensor(batch * cells * heads)
    rows = torch.stack(
        [
            torch.where(in_top & in_left, upper_left, outside),
            torch.where(in_top & in_right, upper_left + heads, outside),
            torch.where(in_bottom & in_left, lower_left, outside),
            torch.where(in_bottom & in_right, lower_left + heads, outside),
        ],
        dim=-1,
    )
    return rows.view(-1, rows[0, 0, 0].numel()), fractions


def _shares(attention: Tensor, fractions: Tensor) -> Tensor:
    """(B*Q*H, L*P*4): what each cell contributes, in the order of :func:`_corners`."""
    fx, fy = fractions.unbind(-1)
    lower = attention * fy
    upper = attention - lower
    upper_right, lower_right = upper * fx, lower * fx
    shares = [upper - upper_right, upper_right, lower - lower_right, lower_right]
    return torch.stack(shares, dim=-1).view(-1, 4 * attention[0, 0, 0].numel())


@lru_cache(maxsize=64)
def _level_sizes(shapes: Shapes) -> tuple[Tensor, Tensor]:
    """Return (L, 1, 2) widths and heights, and (L, 1) first cells; int32."""
    starts = [0]
    for height, width in shapes[:-1]:
        starts.append(starts[-1] + height * width)
    with torch.inference_mode(False):  # a cached inference tensor could not be saved for backward
        sizes = torch.tensor([[w, h] for h, w in shapes], dtype=torch.int32)
        return sizes[:, None], torch.tensor(starts, dtype=torch.int32)[:, None]
