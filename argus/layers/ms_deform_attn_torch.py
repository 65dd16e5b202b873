"""Deformable attention sampling in plain PyTorch: the backend that runs anywhere.

Paper: Deformable DETR, https://arxiv.org/abs/2010.04159, equation 3. Two ways with one result: rows
summed in bags on a CPU (see ``ms_deform_attn_bag.py``), elsewhere ``grid_sample`` level by level.
"""

from collections.abc import Sequence

import torch
import torch.nn.functional as F
from torch import Tensor

from argus.layers.ms_deform_attn_bag import ms_deform_attn_bag


def ms_deform_attn_torch(
    value: Tensor,
    spatial_shapes: Sequence[tuple[int, int]],
    sampling_locations: Tensor,
    attention_weights: Tensor,
) -> Tensor:
    """Sample and sum in the faster of the two ways; see ``ms_deform_attn`` for the arguments.

    Args:
        value: (B, S, H, D).
        spatial_shapes: (height, width) per level.
        sampling_locations: (B, Q, H, L, P, 2), x then y, in [0, 1].
        attention_weights: (B, Q, H, L, P).

    Returns:
        (B, Q, H * D).
    """
    run = ms_deform_attn_bag if value.device.type == "cpu" else ms_deform_attn_sampled
    return run(value, spatial_shapes, sampling_locations, attention_weights)


def ms_deform_attn_sampled(
    value: Tensor,
    spatial_shapes: Sequence[tuple[int, int]],
    sampling_locations: Tensor,
    attention_weights: Tensor,
) -> Tensor:
    """Sample every level with ``grid_sample`` and sum; arguments as above."""
    batch, _, heads, channels = value.shape
    queries, points = sampling_locations.shape[1], sampling_locations.shape[4]
    levels = torch.split(value, [height * width for height, width in spatial_shapes], dim=1)
    grids = (2 * sampling_locations - 1).transpose(1, 2).flatten(0, 1)  # (B*H, Q, L, P, 2)
    weights = attention_weights.transpose(1, 2).reshape(batch * heads, 1, queries, -1, points)
    out = value.new_zeros(())
    for index, (level, (height, width)) in enumerate(zip(levels, spatial_shapes, strict=True)):
        maps = level.permute(0, 2, 3, 1).reshape(batch * heads, channels, height, width)
        samples = F.grid_sample(maps, grids[:, :, index], align_corners=False)  # (B*H, D, Q, P)
        out = out + (samples * weights[:, :, :, index]).sum(-1)
    return out.view(batch, heads * channels, queries).transpose(1, 2)
