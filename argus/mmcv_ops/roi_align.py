"""Pooling of regions at points between the cells, by torchvision.

Paper: Mask R-CNN, https://arxiv.org/abs/1703.06870, section 3.
"""

import torch
import torchvision  # noqa: F401 - registers its operators
from torch import Tensor

from argus.errors import ConfigError
from argus.mmcv_ops.float32 import wide

AVERAGE = 1  # mmcv's number for it


def roi_align_forward(
    input: Tensor,
    rois: Tensor,
    output: Tensor,
    argmax_y: Tensor,
    argmax_x: Tensor,
    aligned_height: int,
    aligned_width: int,
    spatial_scale: float,
    sampling_ratio: int,
    pool_mode: int,
    aligned: bool,
) -> None:
    """Average samples of a map in each bin of each region.

    Args:
        input: (B, C, H, W).
        rois: (N, 5), index in the batch, then x1 y1 x2 y2 in pixels of the image.
        output: (N, C, aligned_height, aligned_width), overwritten.
        argmax_y: For the pooling of maxima, which is not here.
        argmax_x: Likewise.
        aligned_height: Bins of a region from top to bottom.
        aligned_width: Bins of a region from left to right.
        spatial_scale: Cells of the map per pixel of the image.
        sampling_ratio: Samples per bin and direction; 0 for one per cell.
        pool_mode: 1, the average.
        aligned: Whether the centre of the first cell is at half a cell.

    Raises:
        ConfigError: If maxima are asked for, or a region ends before it begins.
    """
    _check(rois, pool_mode, aligned)
    found = torch.ops.torchvision.roi_align(
        wide(input),
        wide(rois),
        spatial_scale,
        aligned_height,
        aligned_width,
        sampling_ratio,
        aligned,
    )
    output.copy_(found)


def roi_align_backward(
    grad_output: Tensor,
    rois: Tensor,
    argmax_y: Tensor,
    argmax_x: Tensor,
    grad_input: Tensor,
    aligned_height: int,
    aligned_width: int,
    spatial_scale: float,
    sampling_ratio: int,
    pool_mode: int,
    aligned: bool,
) -> None:
    """Write the gradient of the map, (B, C, H, W), to ``grad_input``; arguments as above."""
    _check(rois, pool_mode, aligned)
    found = torch.ops.torchvision._roi_align_backward(
        wide(grad_output),
        wide(rois),
        spatial_scale,
        aligned_height,
        aligned_width,
        *grad_input.shape,
        sampling_ratio,
        aligned,
    )
    grad_input.copy_(found)


def _check(rois: Tensor, pool_mode: int, aligned: bool) -> None:
    if pool_mode != AVERAGE:
        raise ConfigError(
            "RoIAlign with pool_mode='max' is not part of this install: set pool_mode='avg', or "
            "`make install OPS=compiled` builds all of mmcv's operators."
        )
    # As mmcv, which looks on the CPU alone: on a GPU it would have to wait for the answer.
    if aligned and rois.device.type == "cpu" and bool((rois[:, 3:] < rois[:, 1:3]).any()):
        raise ConfigError(
            "RoIAlign expected regions (index, x1, y1, x2, y2) with x2 >= x1 and y2 >= y1, found "
            f"{rois[(rois[:, 3:] < rois[:, 1:3]).any(1)][0].tolist()}. Clip or drop such boxes "
            "before they are pooled."
        )
