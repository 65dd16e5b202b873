"""LayerScale: a learned factor per channel on a residual branch.

Paper: CaiT, https://arxiv.org/abs/2103.17239. The parameter is called ``gamma``, as in DINOv2.
"""

import torch
from torch import Tensor, nn


class LayerScale(nn.Module):
    """Multiply (..., C) by ``gamma`` (C,), which starts at ``init_value`` everywhere."""

    def __init__(self, dim: int, init_value: float) -> None:
        super().__init__()
        self.gamma = nn.Parameter(torch.full((dim,), float(init_value)))

    def forward(self, x: Tensor) -> Tensor:
        """Return (..., C), scaled."""
        return x * self.gamma
