"""The released DINOv2 models: their names, and what their files hold."""

import re

import torch
from torch import Tensor

from argus.models.backbones.dinov2 import ARCHITECTURES, DinoVisionTransformer

_SIZES = {architecture.name: size for size, architecture in ARCHITECTURES.items()}
NAMES = tuple(f"dinov2_{vit}14{registers}" for vit in _SIZES for registers in ("", "_reg4"))
"""Of the released models."""
# For what a file of tensors holds beside their numbers.
_OVERHEAD_BYTES = 2**22


def released_shapes(name: str) -> dict[str, Tensor]:
    """The tensors of a released model, without numbers.

    Args:
        name: One of :data:`NAMES`.
    """
    found = re.fullmatch(r"dinov2_(vit[sblg])14(_reg4)?", name)
    assert found is not None, name
    with torch.device("meta"):
        vit = DinoVisionTransformer(
            _SIZES[found.group(1)], weights="random", num_registers=4 if found.group(2) else 0
        )
    return vit.state_dict()


def most_bytes_of(shapes: dict[str, Tensor]) -> int:
    """Bytes that a file of these tensors has at most."""
    return sum(tensor.numel() * 4 for tensor in shapes.values()) + _OVERHEAD_BYTES
