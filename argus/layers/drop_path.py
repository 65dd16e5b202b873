"""Stochastic depth: a residual branch is dropped for a whole sample.

Paper: https://arxiv.org/abs/1603.09382.
"""

from torch import Tensor, nn


class DropPath(nn.Module):
    """Zero a branch (B, ...) for each sample with probability ``rate`` while training.

    What is kept is divided by ``1 - rate``, so the expected value does not change.

    Raises:
        ValueError: If the rate is outside [0, 1).
    """

    def __init__(self, rate: float = 0.0) -> None:
        super().__init__()
        if not 0.0 <= rate < 1.0:
            raise ValueError(f"DropPath expected a rate in [0, 1), found {rate}.")
        self.rate = rate

    def forward(self, x: Tensor) -> Tensor:
        """Return (B, ...)."""
        if self.rate == 0.0 or not self.training:
            return x
        keep = x.new_empty((x.shape[0],) + (1,) * (x.dim() - 1)).bernoulli_(1.0 - self.rate)
        return x * keep / (1.0 - self.rate)

    def extra_repr(self) -> str:
        """Show the rate in ``print(model)``."""
        return f"rate={self.rate}"
