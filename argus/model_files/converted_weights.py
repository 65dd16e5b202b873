"""Files that converted weights are written to: whole or not at all, by the suffix."""

from collections.abc import Mapping
from pathlib import Path

import torch
from safetensors.torch import save_file
from torch import Tensor

from argus.errors import CheckpointError
from argus.files.durable import replacing


def check_target(target: Path) -> None:
    """Look at the name of a file before the work.

    Raises:
        CheckpointError: It ends neither in ``.pth`` nor in ``.safetensors``.
    """
    if target.suffix not in (".pth", ".safetensors"):
        raise CheckpointError(
            f"Expected a target that ends in .pth or .safetensors, found {target}."
        )


def write_weights(state: Mapping[str, Tensor], target: Path) -> None:
    """Write tensors by name; those that share memory are written each on its own."""
    tensors: dict[str, Tensor] = {}
    stored = set()
    for name, tensor in state.items():
        own = tensor.contiguous()
        # safetensors refuses two tensors of one memory.
        tensors[name] = own.clone() if own.untyped_storage().data_ptr() in stored else own
        stored.add(own.untyped_storage().data_ptr())
    with replacing(target) as partial:
        if target.suffix == ".safetensors":
            save_file(tensors, partial, metadata={"format": "pt"})
        else:
            torch.save(tensors, partial)
