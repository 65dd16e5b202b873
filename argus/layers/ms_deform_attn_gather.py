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
    sizes = sampling_locations.new_tensor([[w, h] for h, w in spatial_shapes])[:, None]  # (L, 1, 2)
    widths, first = sizes[:, :, None, 0], sizes.new_tensor(starts)[:, None, None]  # (L, 1, 1)
    corners = sizes.new_tensor(CORNERS)
    # One cell beyond the border all weights are zero, however far a point is: integers stay small.
    points = (sampling_locations * sizes - 0.5).clamp(min=-1)
    points = torch.minimum(points, sizes)
    low = points.floor()
    cells = low[..., None, :] + corners  # (B, Q, H, L, P, 4, 2)
    share_x, share_y = (1 - ((points - low)[..., None, :] - corners).abs()).unbind(-1)
    inside_x, inside_y = ((cells >= 0) & (cells < sizes[:, :, None])).unbind(-1)
    weights = torch.where(inside_x & inside_y, share_x * share_y, 0.0)
    weights = (weights * attention_weights[..., None]).flatten(3)  # (B, Q, H, 4 * L * P)
    x, y = torch.minimum(cells.clamp(min=0), sizes[:, :, None] - 1).unbind(-1)
    # Float32 counts to 16 million cells.
    index = (first + y * widths + x).long().flatten(3)
    # ... and from the cell to the row of (image, cell, head).
    image = torch.arange(batch, device=value.device)[:, None, None, None] * num_cells
    head = torch.arange(heads, device=value.device)[:, None]
    rows = F.embedding((image + index) * heads + head, value.reshape(-1, channels))
    return (weights[..., None, :] @ rows).flatten(2)
