"""Where mask costs and mask losses look: random points, uncertain points, or every cell.

Papers: PointRend, https://arxiv.org/abs/1912.08193, section 3; Mask2Former,
https://arxiv.org/abs/2112.01527, section 3.3.

What was changed: ground-truth bitmaps are read in place, so an instance that is matched on many
stages is stored once; and ``num_points=None`` takes every cell of the mask feature, which is
cheaper than sampling when the feature is small.
"""

import torch
import torch.nn.functional as F
from mmcv.ops import point_sample
from mmdet.models.utils import get_uncertain_point_coords_with_randomness
from torch import Tensor


def cell_points(height: int, width: int, device: torch.device) -> Tensor:
    """Centres (height * width, 2) of all cells as x, y in [0, 1], row by row."""
    y, x = torch.meshgrid(
        (torch.arange(height, device=device) + 0.5) / height,
        (torch.arange(width, device=device) + 0.5) / width,
        indexing="ij",
    )
    return torch.stack([x.flatten(), y.flatten()], -1)


@torch.no_grad()
def uncertain_points(
    mask_logits: Tensor, *, num_points: int, oversample_ratio: float, importance_ratio: float
) -> Tensor:
    """Random points, most of them where the logits are near zero.

    Args:
        mask_logits: (M, h, w).
        num_points: Points per mask.
        oversample_ratio: Candidates per point.
        importance_ratio: Share of the points taken for their uncertainty; the rest is random.

    Returns:
        (M, num_points, 2) as x, y in [0, 1].
    """
    if importance_ratio == 0 or len(mask_logits) == 0:
        return torch.rand(len(mask_logits), num_points, 2, device=mask_logits.device)
    points: Tensor = get_uncertain_point_coords_with_randomness(
        mask_logits[:, None], None, num_points, oversample_ratio, importance_ratio
    )
    return points


def sample_logits(mask_logits: Tensor, points: Tensor) -> Tensor:
    """Bilinear values (M, P) of (M, h, w) at points (M, P, 2) given as x, y in [0, 1]."""
    values: Tensor = point_sample(mask_logits[:, None], points, align_corners=False)
    return values[:, 0]


@torch.no_grad()
def sample_bitmaps(bitmaps: Tensor, index: Tensor, points: Tensor) -> Tensor:
    """Bilinear values of chosen bitmaps; outside a bitmap all is 0.

    Args:
        bitmaps: (N, H, W) bool.
        index: (M,) int64, the bitmap of each row of ``points``.
        points: (M, P, 2) as x, y in [0, 1].

    Returns:
        (M, P) float32 in [0, 1].
    """
    height, width = bitmaps.shape[-2:]
    # A border of zeros: the four pixels around a point always exist.
    pixels = F.pad(bitmaps, (1, 1, 1, 1)).flatten()
    x = points[..., 0] * width + 0.5
    y = points[..., 1] * height + 0.5
    left, top = x.floor(), y.floor()
    x_part, y_part = x - left, y - top
    row = index[:, None] * (height + 2) + top.long()
    corner = row * (width + 2) + left.long()
    upper = torch.lerp(pixels[corner].float(), pixels[corner + 1].float(), x_part)
    corner += width + 2
    lower = torch.lerp(pixels[corner].float(), pixels[corner + 1].float(), x_part)
    return torch.lerp(upper, lower, y_part)
