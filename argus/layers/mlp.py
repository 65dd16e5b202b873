"""The feed-forward networks of a ViT, with the parameter names of DINOv2's checkpoints.

Paper: DINOv2, https://arxiv.org/abs/2304.07193; SwiGLU: https://arxiv.org/abs/2002.05202.
"""

import torch.nn.functional as F
from torch import Tensor, nn

from argus.layers.linear import Linear


class Mlp(nn.Module):
    """Linear, GELU, linear: ``fc1``, ``fc2``.

    Args:
        dim: Channels in and out.
        hidden_dim: Channels between.
        approximate: ``none`` for the exact GELU, or ``tanh``.
    """

    def __init__(self, dim: int, hidden_dim: int, *, approximate: str = "none") -> None:
        super().__init__()
        self.approximate = approximate
        self.fc1 = Linear(dim, hidden_dim)
        self.fc2 = Linear(hidden_dim, dim)

    def forward(self, x: Tensor) -> Tensor:
        """Return (..., C)."""
        out: Tensor = self.fc2(F.gelu(self.fc1(x), approximate=self.approximate))
        return out


class SwiGLUFFN(nn.Module):
    """Gated network of DINOv2 giant: ``w3(silu(a) * b)`` with ``a, b = w12(x)``.

    Args:
        dim: Channels in and out.
        hidden_dim: What a plain MLP would have; two thirds of it, rounded up to a multiple of 8,
            keep the parameter count about equal (4096 for giant).
    """

    def __init__(self, dim: int, hidden_dim: int) -> None:
        super().__init__()
        gated_dim = (int(hidden_dim * 2 / 3) + 7) // 8 * 8
        self.w12 = Linear(dim, 2 * gated_dim)
        self.w3 = Linear(gated_dim, dim)

    def forward(self, x: Tensor) -> Tensor:
        """Return (..., C)."""
        gate, hidden = self.w12(x).chunk(2, dim=-1)
        out: Tensor = self.w3(F.silu(gate) * hidden)
        return out
