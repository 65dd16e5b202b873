"""Deformable convolution with a weight per sample, by torchvision.

Paper: Deformable ConvNets v2, https://arxiv.org/abs/1811.11168, equation 1.
"""

import torch
import torchvision  # noqa: F401 - registers its operators
from torch import Tensor

from argus.mmcv_ops.float32 import wide
from argus.mmcv_ops.offset_gradient import without_edge


def modulated_deform_conv_forward(
    input: Tensor,
    weight: Tensor,
    bias: Tensor,
    ones: Tensor,
    offset: Tensor,
    mask: Tensor,
    output: Tensor,
    columns: Tensor,
    kernel_h: int,
    kernel_w: int,
    stride_h: int,
    stride_w: int,
    pad_h: int,
    pad_w: int,
    dilation_h: int,
    dilation_w: int,
    group: int,
    deformable_group: int,
    with_bias: bool,
) -> None:
    """Convolve at shifted places; outside of the map is zero.

    Args:
        input: (B, C, H, W).
        weight: (D, C / group, kernel_h, kernel_w).
        bias: (D,); ignored without ``with_bias``.
        ones: Room of the compiled operator, not touched.
        offset: (B, 2 * deformable_group * kernel_h * kernel_w, H', W'), y then x, in cells.
        mask: (B, deformable_group * kernel_h * kernel_w, H', W').
        output: (B, D, H', W'), overwritten.
        columns: As ``ones``.
        kernel_h: Height of the kernel, as all that follow are mmcv's names for the usual settings.
        kernel_w: Width of the kernel.
        stride_h: Cells from one output to the one below.
        stride_w: Cells from one output to the next.
        pad_h: Rows of zeros above and below.
        pad_w: Columns of zeros left and right.
        dilation_h: Cells between two rows of the kernel.
        dilation_w: Cells between two columns of the kernel.
        group: Of the convolution.
        deformable_group: Groups of channels with offsets of their own.
        with_bias: Whether ``bias`` is added.
    """
    used = bias if with_bias else weight.new_zeros(len(weight))
    settings = (stride_h, stride_w, pad_h, pad_w, dilation_h, dilation_w, group, deformable_group)
    tensors = [wide(tensor) for tensor in (input, weight, offset, mask, used)]
    output.copy_(torch.ops.torchvision.deform_conv2d(*tensors, *settings, True))


def modulated_deform_conv_backward(
    input: Tensor,
    weight: Tensor,
    bias: Tensor,
    ones: Tensor,
    offset: Tensor,
    mask: Tensor,
    columns: Tensor,
    grad_input: Tensor,
    grad_weight: Tensor,
    grad_bias: Tensor,
    grad_offset: Tensor,
    grad_mask: Tensor,
    grad_output: Tensor,
    kernel_h: int,
    kernel_w: int,
    stride_h: int,
    stride_w: int,
    pad_h: int,
    pad_w: int,
    dilation_h: int,
    dilation_w: int,
    group: int,
    deformable_group: int,
    with_bias: bool,
) -> None:
    """Write the gradients to the five tensors ``grad_...`` of the inputs; arguments as above."""
    used = bias if with_bias else weight.new_zeros(len(weight))
    settings = (stride_h, stride_w, pad_h, pad_w, dilation_h, dilation_w, group, deformable_group)
    tensors = [wide(tensor) for tensor in (grad_output, input, weight, offset, mask, used)]
    found = list(torch.ops.torchvision._deform_conv2d_backward(*tensors, *settings, True))
    found[2] = without_edge(found[2], tensors[3], (kernel_h, kernel_w), settings)
    grads = (grad_input, grad_weight, grad_offset, grad_mask, grad_bias)
    for grad, values in zip(grads, found, strict=True):
        if grad is not grad_bias or with_bias:
            grad.copy_(values)
