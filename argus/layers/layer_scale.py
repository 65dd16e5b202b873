"""LayerScale: a learned factor per channel on a residual branch.

Paper: CaiT, https://arxiv.org/abs/2103.17239. The parameter is called ``gamma``, as in DINOv2.
"""

import torch
from torch import Tensor, nn


class LayerScale(nn.Module):
    """Add a branch (..., C) times ``gamma`` (C,), which starts at ``init_value`` everywhere."""

    def __init__(self, dim: int, init_value: float) -> None:
        super().__init__()
        self.gamma = nn.Parameter(torch.full((dim,), float(init_value)))

    def forward(self, tokens: Tensor, branch: Tensor) -> Tensor:
        """Return ``tokens + gamma * branch``, (..., C), in one pass and the type of the tokens."""
        return torch.addcmul(tokens, branch.to(tokens.dtype), self.gamma)
