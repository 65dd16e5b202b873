"""Deformable attention sampling with nothing but indexing and arithmetic: the form for export.

Paper: Deformable DETR, https://arxiv.org/abs/2010.04159, equation 3. Runtimes differ in whether and
how they sample a grid (padding, corners, half pixels); rows taken by index mean the same in all of
them. The batch may have any size.
"""

from collections.abc import Sequence

import torch
import torch.nn.functional as F
from torch import Tensor

# The four cells around a point, as steps in x and y from the one at the top left.
CORNERS = ((0.0, 0.0), (1.0, 0.0), (0.0, 1.0), (1.0, 1.0))


def ms_deform_attn_gather(
    value: Tensor,
    spatial_shapes: Sequence[tuple[int, int]],
    sampling_locations: Tensor,
    attention_weights: Tensor,
) -> Tensor:
    """Take the four cells around every point by index; see ``ms_deform_attn`` for the arguments.

    Needs memory for (B, Q, H, 4 * L * P, D) numbers.

    Args:
        value: (B, S, H, D).
        spatial_shapes: (height, width) per level.
        sampling_locations: (B, Q, H, L, P, 2), x then y, in [0, 1].
        attention_weights: (B, Q, H, L, P).

    Returns:
        (B, Q, H * D).
    """
    batch, num_cells, heads, channels = value.shape
    starts = [0]
    for height, width in spatial_shapes[:-1]:
        starts.append(starts[-1] + height * width)
    widths, heights = sampling_locations.new_tensor([[w, h] for h, w in spatial_shapes]).unbind(-1)
    first = widths.new_tensor(starts)[:, None, None]  # (L, 1, 1)
    steps_x, steps_y = widths.new_tensor(CORNERS).unbind(-1)  # (4,)
    x, share_x = _cells(sampling_locations[..., 0], widths, steps_x)
    y, share_y = _cells(sampling_locations[..., 1], heights, steps_y)
    weights = (share_x * share_y * attention_weights[..., None]).flatten(3)  # (B, Q, H, 4 * L * P)
    # Float32 counts to 16 million cells.
    index = (first + y * widths[:, None, None] + x).long().flatten(3)
    # ... and from the cell to the row of (image, cell, head).
    image = torch.arange(batch, device=value.device)[:, None, None, None] * num_cells
    head = torch.arange(heads, device=value.device)[:, None]
    rows = F.embedding((image + index) * heads + head, value.reshape(-1, channels))
    return (weights[..., None, :] @ rows).flatten(2)


def _cells(locations: Tensor, sizes: Tensor, steps: Tensor) -> tuple[Tensor, Tensor]:
    """The cells around points and their shares of the value there, along one axis.

    By axis, since OpenVINO reads past the end where one of seven dimensions is broadcast.

    Args:
        locations: (B, Q, H, L, P), in [0, 1].
        sizes: Of the levels, (L,).
        steps: From the first cell to the others, (4,).

    Returns:
        Two (B, Q, H, L, P, 4): the nearest cell that there is, as a float, and its share, 0 where
        the cell is beyond the border.
    """
    sizes = sizes[:, None]
    # One cell beyond the border all shares are zero, however far a point is: integers stay small.
    points = torch.minimum((locations * sizes - 0.5).clamp(min=-1), sizes)
    low = points.floor()
    cells = low[..., None] + steps
    shares = 1 - ((points - low)[..., None] - steps).abs()
    sizes = sizes[..., None]
    inside = (cells >= 0) & (cells < sizes)
    return torch.minimum(cells.clamp(min=0), sizes - 1), torch.where(inside, shares, 0.0)
