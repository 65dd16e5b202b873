"""Last layers, whose outputs are ranked: they compute in float32 whatever the autocast.

bfloat16 keeps 8 bits. Scores that differ by less than a part in 256 become equal, and of equal ones
an argmax or a top-k takes any, whichever was better; a value is as coarse.
"""

import torch
from torch import Tensor, nn


class WideLinear(nn.Linear):
    """A linear layer in the type of its own weights."""

    def forward(self, input: Tensor) -> Tensor:
        """(..., in_features) to (..., out_features)."""
        with torch.autocast(input.device.type, enabled=False):
            return super().forward(input.to(self.weight.dtype))


class WideConv2d(nn.Conv2d):
    """A convolution in the type of its own weights."""

    def forward(self, input: Tensor) -> Tensor:
        """(B, in_channels, H, W) to (B, out_channels, H', W')."""
        with torch.autocast(input.device.type, enabled=False):
            return super().forward(input.to(self.weight.dtype))


_WIDE = {nn.Linear: WideLinear, nn.Conv2d: WideConv2d}


def widen(layer: nn.Module) -> bool:
    """Make a layer that another library built one of the above; its weights stay as they are.

    Args:
        layer: A plain ``nn.Linear`` or ``nn.Conv2d``; others stay.

    Returns:
        Whether it computes in float32 now.
    """
    kind = _WIDE.get(type(layer))
    if kind is not None:
        layer.__class__ = kind
    return type(layer) in _WIDE.values()
