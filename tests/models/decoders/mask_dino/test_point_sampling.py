"""Point sampling against torch's grid sampling."""

import pytest
import torch
import torch.nn.functional as F

from argus.models.decoders.mask_dino.point_sampling import (
    cell_points,
    sample_bitmaps,
    sample_logits,
    uncertain_points,
)


def test_sample_bitmaps__equals_grid_sample() -> None:
    g = torch.Generator().manual_seed(0)
    bitmaps = torch.rand(3, 11, 6, generator=g) > 0.5
    index = torch.tensor([2, 0, 0, 1])
    points = torch.rand(4, 50, 2, generator=g)
    points[:, :4] = torch.tensor([[0.0, 0.0], [1.0, 1.0], [0.0, 1.0], [1.0, 0.0]])
    expected = F.grid_sample(
        bitmaps[index, None].float(), points[:, None] * 2 - 1, align_corners=False
    )[:, 0, 0]
    torch.testing.assert_close(sample_bitmaps(bitmaps, index, points), expected)


def test_cell_points__read_a_map_unchanged() -> None:
    logits = torch.randn(2, 5, 7)
    points = cell_points(5, 7, logits.device).expand(2, -1, -1)
    torch.testing.assert_close(sample_logits(logits, points), logits.flatten(1))


def test_uncertain_points__lie_near_the_border() -> None:
    logits = torch.linspace(-1, 1, 64).expand(3, 64, 64)  # zero in the middle column
    torch.manual_seed(0)
    points = uncertain_points(logits, num_points=200, oversample_ratio=3.0, importance_ratio=0.75)
    assert points.shape == (3, 200, 2)
    near = ((points[..., 0] - 0.5).abs() < 0.13).float().mean().item()
    # 150 of 600 candidates lie within 0.125 of the middle, 50 random ones rarely.
    assert near == pytest.approx(0.75 + 0.25 * 0.26, abs=0.06)


def test_uncertain_points__take_no_mask_at_all() -> None:
    points = uncertain_points(
        torch.zeros(0, 4, 4), num_points=5, oversample_ratio=3.0, importance_ratio=0.75
    )
    assert points.shape == (0, 5, 2)
