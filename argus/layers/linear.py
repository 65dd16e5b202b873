"""A linear layer that casts weights which are not trained once, in place of in every pass.

Autocast keeps the casts of trained weights to the end of its block. All others it casts anew
whenever they are used, and a frozen ViT is nothing but others. On a CPU, where that costs as much
as some of the products of a small picture, the casts are kept here, half the weights' memory; on
other devices memory is dearer and the layer is PyTorch's. Measured on one core of an Intel Xeon
with AMX that others used too, processor time: a frozen ViT-S without gradients took 0.89 of the
time so, for one picture of 224 pixels and for eight of 112, and gave the same bits.
"""

from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.utils.weak import WeakTensorKeyDictionary

# By weight: its state when it was cast, and the cast. No part of a module, so that copies and
# checkpoints are without it.
_kept: Any = WeakTensorKeyDictionary()


class Linear(nn.Linear):
    """A linear layer; see the module."""

    def forward(self, input: Tensor) -> Tensor:
        """(..., in_features) to (..., out_features)."""
        if not self._keeps_casts():
            return super().forward(input)
        dtype = torch.get_autocast_dtype("cpu")
        bias = None if self.bias is None else kept_cast(self.bias, dtype)
        return F.linear(input.to(dtype), kept_cast(self.weight, dtype), bias)

    def _keeps_casts(self) -> bool:
        return (
            self.weight.device.type == "cpu"
            and not torch.compiler.is_compiling()
            and torch.is_autocast_enabled("cpu")
            and not any(p.requires_grad or p.is_inference() for p in self.parameters())
        )


def kept_cast(weight: Tensor, dtype: torch.dtype) -> Tensor:
    """The cast of a weight, which is made again where the weight was changed or moved.

    A change through ``weight.data`` is not seen, as autograd does not see it.
    """
    state = weight._version, weight.data_ptr(), dtype
    known = _kept.get(weight)
    if known is None or known[0] != state:
        with torch.inference_mode(False), torch.no_grad():
            known = state, weight.detach().to(dtype)
        _kept[weight] = known
    cast: Tensor = known[1]
    return cast
