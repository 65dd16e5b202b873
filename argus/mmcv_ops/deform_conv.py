"""Deformable convolution, by torchvision.

Paper: Deformable Convolutional Networks, https://arxiv.org/abs/1703.06211, equation 2.
"""

import torch
import torchvision  # noqa: F401 - registers its operators
from torch import Tensor

from argus.mmcv_ops.float32 import wide
from argus.mmcv_ops.offset_gradient import without_edge


def deform_conv_forward(
    input: Tensor,
    weight: Tensor,
    offset: Tensor,
    output: Tensor,
    columns: Tensor,
    ones: Tensor,
    kW: int,
    kH: int,
    dW: int,
    dH: int,
    padW: int,
    padH: int,
    dilationW: int,
    dilationH: int,
    group: int,
    deformable_group: int,
    im2col_step: int,
) -> None:
    """Convolve at shifted places; outside of the map is zero.

    Args:
        input: (B, C, H, W).
        weight: (D, C / group, kH, kW).
        offset: (B, 2 * deformable_group * kH * kW, H', W'), y then x, in cells.
        output: (B, D, H', W'), overwritten.
        columns: Room of the compiled operator, not touched.
        ones: Likewise.
        kW: Width of the kernel, as all that follow are mmcv's names for the usual settings.
        kH: Height of the kernel.
        dW: Stride from one output to the next.
        dH: Stride from one output to the one below.
        padW: Columns of zeros left and right.
        padH: Rows of zeros above and below.
        dilationW: Cells between two columns of the kernel.
        dilationH: Cells between two rows of the kernel.
        group: Of the convolution.
        deformable_group: Groups of channels with offsets of their own.
        im2col_step: Images at once of the compiled operator; changes no number.
    """
    settings = (dH, dW, padH, padW, dilationH, dilationW, group, deformable_group)
    tensors = [wide(tensor) for tensor in (input, weight, offset, *_unused(input, weight))]
    output.copy_(torch.ops.torchvision.deform_conv2d(*tensors, *settings, False))


def deform_conv_backward_input(
    input: Tensor,
    offset: Tensor,
    gradOutput: Tensor,
    gradInput: Tensor,
    gradOffset: Tensor,
    weight: Tensor,
    columns: Tensor,
    kW: int,
    kH: int,
    dW: int,
    dH: int,
    padW: int,
    padH: int,
    dilationW: int,
    dilationH: int,
    group: int,
    deformable_group: int,
    im2col_step: int,
) -> None:
    """Write the gradients of map and offsets; arguments as above."""
    settings = (dH, dW, padH, padW, dilationH, dilationW, group, deformable_group)
    found = _gradients(gradOutput, input, weight, offset, settings)
    gradInput.copy_(found[0])
    gradOffset.copy_(without_edge(found[2], wide(offset), (kH, kW), settings))


def deform_conv_backward_parameters(
    input: Tensor,
    offset: Tensor,
    gradOutput: Tensor,
    gradWeight: Tensor,
    columns: Tensor,
    ones: Tensor,
    kW: int,
    kH: int,
    dW: int,
    dH: int,
    padW: int,
    padH: int,
    dilationW: int,
    dilationH: int,
    group: int,
    deformable_group: int,
    scale: float,
    im2col_step: int,
) -> None:
    """Write ``scale`` times the gradient of the weight; the other arguments are as above."""
    settings = (dH, dW, padH, padW, dilationH, dilationW, group, deformable_group)
    # The gradient of the weight does not depend on the weight.
    found = _gradients(gradOutput, input, torch.zeros_like(gradWeight), offset, settings)
    gradWeight.copy_(found[1] * scale)


def _gradients(
    grad: Tensor, input: Tensor, weight: Tensor, offset: Tensor, settings: tuple[int, ...]
) -> tuple[Tensor, ...]:
    """Gradients of map, weight, offsets, and of what is not used."""
    tensors = [wide(tensor) for tensor in (grad, input, weight, offset, *_unused(input, weight))]
    found: tuple[Tensor, ...] = torch.ops.torchvision._deform_conv2d_backward(
        *tensors, *settings, False
    )
    return found


def _unused(input: Tensor, weight: Tensor) -> tuple[Tensor, Tensor]:
    """An empty mask and a bias of zeros: torchvision has one operator for both papers."""
    return input.new_zeros(len(input), 1), weight.new_zeros(len(weight))
