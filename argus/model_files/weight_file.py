"""What the head of a safetensors file tells, without reading the tensors."""

import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from safetensors import SafetensorError, safe_open

from argus.errors import CheckpointError


def count_by_part(path: str | Path) -> dict[str, int]:
    """How many numbers a model's weight file holds, for ``backbone`` and by task.

    Those are the parameters, and buffers such as running means where a decoder has any. Counters,
    which are integers, are left out.

    Raises:
        CheckpointError: If the file cannot be read.
    """
    counts: dict[str, int] = {}
    try:
        with safe_open(path, framework="np") as file:
            for name in file.keys():
                tensor = file.get_slice(name)
                if "F" in tensor.get_dtype():  # F32, F16, BF16, F8_...
                    part = part_of(name)
                    counts[part] = counts.get(part, 0) + math.prod(tensor.get_shape())
    except (SafetensorError, OSError) as error:
        raise CheckpointError(f"{path} cannot be read: {error}.") from error
    return counts


def count_values(path: str | Path, manifest: Mapping[str, Any]) -> dict[str, int]:
    """As :func:`count_by_part`, with the ViT that a released model's manifest names by hash."""
    counts = count_by_part(path)
    vit = manifest.get("release", {}).get("vit", {})
    counts["backbone"] = counts.get("backbone", 0) + vit.get("num_values", 0)
    return counts


def part_of(name: str) -> str:
    """``backbone``, or the task whose decoder a tensor belongs to."""
    first, *rest = name.split(".")
    return rest[0] if first == "decoders" and rest else first
