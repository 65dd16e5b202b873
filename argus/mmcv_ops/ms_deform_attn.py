"""Multi-scale deformable attention, by :func:`argus.layers.ms_deform_attn.ms_deform_attn`.

Paper: Deformable DETR, https://arxiv.org/abs/2010.04159, equation 3. mmcv calls its operator for
tensors on a GPU alone, and has a way of its own on the CPU.
"""

from collections.abc import Sequence

import torch
from torch import Tensor

from argus.layers.ms_deform_attn import ms_deform_attn


def ms_deform_attn_forward(
    value: Tensor,
    spatial_shapes: Tensor,
    level_start_index: Tensor,
    sampling_loc: Tensor,
    attn_weight: Tensor,
    im2col_step: int,
) -> Tensor:
    """Sample a feature pyramid at learned points and sum with learned weights.

    Args:
        value: (B, S, H, D), the levels flattened row by row and joined; H heads of D channels.
        spatial_shapes: (L, 2), height and width of each level.
        level_start_index: (L,), the first of S of each level; follows from the sizes.
        sampling_loc: (B, Q, H, L, P, 2), x then y, in [0, 1] inside the map.
        attn_weight: (B, Q, H, L, P).
        im2col_step: Images at once of the compiled operator; changes no number.

    Returns:
        (B, Q, H * D).
    """
    return ms_deform_attn(value, _sizes(spatial_shapes), sampling_loc, attn_weight)


def ms_deform_attn_backward(
    value: Tensor,
    spatial_shapes: Tensor,
    level_start_index: Tensor,
    sampling_loc: Tensor,
    attn_weight: Tensor,
    grad_output: Tensor,
    grad_value: Tensor,
    grad_sampling_loc: Tensor,
    grad_attn_weight: Tensor,
    im2col_step: int,
) -> None:
    """Compute the forward pass again and write the gradients of the three inputs."""
    inputs = [tensor.detach().requires_grad_() for tensor in (value, sampling_loc, attn_weight)]
    with torch.enable_grad():
        output = ms_deform_attn(inputs[0], _sizes(spatial_shapes), inputs[1], inputs[2])
    grads = (grad_value, grad_sampling_loc, grad_attn_weight)
    for grad, found in zip(grads, torch.autograd.grad(output, inputs, grad_output), strict=True):
        grad.copy_(found)


def _sizes(spatial_shapes: Tensor) -> Sequence[tuple[int, int]]:
    return [(height, width) for height, width in spatial_shapes.tolist()]
