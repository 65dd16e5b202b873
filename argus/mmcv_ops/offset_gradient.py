"""Where mmcv's deformable convolutions have no gradient of the offsets, and torchvision's do.

A sample that lies on row -1 or on column -1 has weight zero in both, and counts as outside of the
map in mmcv's. Convolutions whose offsets begin at zero have such samples all along the border.
"""

import torch
from torch import Tensor


def without_edge(
    gradient: Tensor, offset: Tensor, kernel: tuple[int, int], settings: tuple[int, ...]
) -> Tensor:
    """Set the gradient of such samples to zero.

    Args:
        gradient: Of the offsets, as they are.
        offset: (B, 2 * G * kernel height * kernel width, H', W'), y then x, in cells.
        kernel: (height, width).
        settings: Stride, padding and dilation, each of rows and columns; groups; G, the groups of
            channels with offsets of their own.

    Returns:
        The gradient, of the same shape.
    """
    places = offset.unflatten(1, (settings[-1], *kernel, 2))  # (B, G, h, w, 2, H', W')
    for axis in (0, 1):
        stride, padding, dilation = (settings[2 * index + axis] for index in range(3))
        taps = dilation * torch.arange(kernel[axis], device=offset.device)
        outputs = stride * torch.arange(offset.shape[2 + axis], device=offset.device) - padding
        starts = taps[:, None] + outputs
        shape = [kernel[0], 1, offset.shape[2], 1] if axis == 0 else [1, kernel[1], 1, -1]
        on_edge = places[:, :, :, :, axis] + starts.reshape(shape) == -1
        gradient = gradient.masked_fill(
            on_edge[:, :, :, :, None].expand_as(places).reshape(offset.shape), 0
        )
    return gradient
