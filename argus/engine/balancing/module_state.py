"""State of modules that keep part of it beside ``state_dict``, as TorchJD's methods do.

Of every module below, and itself, all that is a tensor, an array, a number, a text, or a list of
such, whatever it is called: moving averages, the last losses, counts of steps. What is as it was
built is an option, not state: it stays that of the config.
"""

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

_ARRAY = "array"
_PLAIN = (bool, int, float, str, torch.dtype, type(None))
# What torch itself keeps in every module.
_OF_TORCH = set(vars(nn.Module()))


def module_state(module: nn.Module, built: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """Plain values and CPU tensors by name, all of them copies.

    Args:
        module: The module.
        built: What this gave of the module as it was built: what is the same now is left out.
    """
    state = {name: _packed(value) for name, _, _, value in _attributes(module)}
    return {
        name: value
        for name, value in state.items()
        if built is None or name not in built or not _is_same(value, built[name])
    }


def _is_same(one: Any, other: Any) -> bool:
    if type(one) is not type(other):
        return False
    if isinstance(one, Tensor):
        return torch.equal(one, other) and one.dtype == other.dtype
    if isinstance(one, Mapping):
        return _is_same(one[_ARRAY], other[_ARRAY])
    if isinstance(one, (list, tuple)):
        return len(one) == len(other) and all(map(_is_same, one, other))
    return bool(one == other)


@torch.no_grad()
def load_module_state(module: nn.Module, state: Mapping[str, Any]) -> None:
    """Put back what :func:`module_state` gave; names that the module does not have are left out."""
    for name, owner, key, value in list(_attributes(module)):
        if name not in state:
            continue
        saved = _unpacked(state[name])
        if isinstance(value, nn.Parameter):
            value.copy_(saved)
        else:
            setattr(owner, key, saved)


def _attributes(module: nn.Module) -> Iterator[tuple[str, Any, str, Any]]:
    """(full name, owner, key, value) of everything that counts as state."""
    for prefix, owner in module.named_modules():
        own = {key: value for key, value in vars(owner).items() if key not in _OF_TORCH}
        own |= owner._parameters | owner._buffers
        for key, value in own.items():
            if _is_state(value):
                yield f"{prefix}.{key}", owner, key, value


def _is_state(value: Any) -> bool:
    if isinstance(value, (list, tuple)):
        return all(map(_is_state, value))
    if isinstance(value, np.ndarray):
        return value.dtype.kind in "biuf"
    return isinstance(value, (Tensor, *_PLAIN))


def _packed(value: Any) -> Any:
    if isinstance(value, Tensor):
        return value.detach().cpu().clone()
    if isinstance(value, np.ndarray):
        return {_ARRAY: torch.from_numpy(value.copy())}
    return type(value)(map(_packed, value)) if isinstance(value, (list, tuple)) else value


def _unpacked(value: Any) -> Any:
    if isinstance(value, Mapping):
        return value[_ARRAY].clone().numpy()
    if isinstance(value, Tensor):
        return value.clone()
    return type(value)(map(_unpacked, value)) if isinstance(value, (list, tuple)) else value
