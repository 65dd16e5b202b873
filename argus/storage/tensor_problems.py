"""What keeps the tensors of a file from a model, in words that are the same everywhere."""

from collections.abc import Collection, Mapping
from typing import TYPE_CHECKING

if TYPE_CHECKING:  # a manifest is read without torch, at once
    from torch import Tensor

_MAX_LISTED = 5


def tensor_problems(own: Mapping[str, "Tensor"], found: Mapping[str, "Tensor"]) -> list[str]:
    """A text for each kind of problem; none if the tensors fit.

    Args:
        own: Of the model, by name.
        found: Of the file, by the same names.
    """
    shapes = {name: tuple(value.shape) for name, value in own.items()}
    misshapen = [
        f"{name} ({shapes[name]} in the model, {tuple(found[name].shape)} in the file)"
        for name in sorted(shapes)
        if name in found and shapes[name] != tuple(found[name].shape)
    ]
    kinds = {
        "missing": sorted(own.keys() - found.keys()),
        "left over": sorted(found.keys() - own.keys()),
        "of another shape": misshapen,
    }
    return [_told(kind, names) for kind, names in kinds.items() if names]


def _told(kind: str, names: Collection[str]) -> str:
    more = ", ..." if len(names) > _MAX_LISTED else ""
    return f"{kind} ({len(names)}): {', '.join([*names][:_MAX_LISTED])}{more}"
