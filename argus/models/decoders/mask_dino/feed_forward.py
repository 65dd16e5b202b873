"""The feed-forward part of encoder and decoder layers, with its residual and norm."""

from torch import Tensor, nn


class FeedForward(nn.Module):
    """Linear, ReLU, linear, residual, LayerNorm.

    Args:
        embed_dim: C, channels in and out.
        ffn_dim: Hidden channels.
        dropout: After the ReLU and after the second linear layer.
    """

    def __init__(self, embed_dim: int, ffn_dim: int, dropout: float) -> None:
        super().__init__()
        self.expand = nn.Linear(embed_dim, ffn_dim)
        self.reduce = nn.Linear(ffn_dim, embed_dim)
        self.norm = nn.LayerNorm(embed_dim)
        self.dropout = nn.Dropout(dropout)
        for layer in (self.expand, self.reduce):
            nn.init.xavier_uniform_(layer.weight)
            nn.init.zeros_(layer.bias)

    def forward(self, x: Tensor) -> Tensor:
        """Update (..., C)."""
        hidden = self.dropout(self.expand(x).relu())
        out: Tensor = self.norm(x + self.dropout(self.reduce(hidden)))
        return out
