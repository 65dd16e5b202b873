"""Configs as plain values: what a checkpoint or a model file can hold, and the way back.

A class or function is written as ``class:<module>.<name>``. Reading imports only from packages that
are trusted, so that a model from a stranger cannot name a function to be called.
"""

import importlib
import inspect
from collections.abc import Mapping, Sequence
from typing import Any

from argus.errors import CheckpointError, ConfigError

TRUSTED = ("argus", "mmengine", "mmcv", "mmdet", "mmseg", "mmpose", "mmpretrain")
_CLASS = "class:"
_TUPLE = "__tuple__"
_PLAIN = (str, int, float, bool, type(None))


def to_plain(value: Any, *, where: str = "config") -> Any:
    """Copy a config into dicts, lists, tuples, numbers and strings.

    Args:
        value: A config or a part of it.
        where: Its path, for messages.

    Raises:
        ConfigError: If a value is of another kind.
    """
    if isinstance(value, Mapping):
        return {str(k): to_plain(v, where=f"{where}.{k}") for k, v in value.items()}
    if isinstance(value, (list, tuple)):
        items = [to_plain(v, where=f"{where}[{i}]") for i, v in enumerate(value)]
        return tuple(items) if isinstance(value, tuple) else items
    if isinstance(value, _PLAIN):
        return value
    if inspect.isclass(value) or inspect.isfunction(value):
        return f"{_CLASS}{value.__module__}.{value.__qualname__}"
    raise ConfigError(
        f"{where}: a {type(value).__name__} cannot be stored in a model file. Use numbers, "
        "strings, lists, tuples, dicts and classes in configs."
    )


def from_plain(value: Any, *, trusted: Sequence[str] = ()) -> Any:
    """The config that :func:`to_plain` made ``value`` of.

    Args:
        value: Plain values.
        trusted: Packages, beside OpenMMLab's and Argus itself, that classes may come from.

    Raises:
        CheckpointError: If a class comes from another package, or is not there.
    """
    if isinstance(value, Mapping):
        return {key: _entry(key, item, trusted) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return type(value)(from_plain(item, trusted=trusted) for item in value)
    if isinstance(value, str) and value.startswith(_CLASS):
        return _find(value.removeprefix(_CLASS), trusted)
    return value


def _entry(key: str, value: Any, trusted: Sequence[str]) -> Any:
    """A value of a dict. mmengine's registries take a ``type`` of dots for a path to import."""
    if key == "type" and isinstance(value, str) and "." in value:
        if value.count(".") > 1 and not value.startswith(_CLASS):
            value = _CLASS + value
        else:
            _check_root(value, value.removeprefix(_CLASS), trusted)
    return from_plain(value, trusted=trusted)


def _find(path: str, trusted: Sequence[str]) -> Any:
    module, _, name = path.rpartition(".")
    _check_root(path, module, trusted)
    try:
        found = getattr(importlib.import_module(module), name)
    except (ImportError, AttributeError) as error:
        raise CheckpointError(
            f"the model needs {path}, which is not installed here: {error}."
        ) from error
    # A package also holds what it imports from others, and functions that are no part of a model.
    _check_root(path, getattr(found, "__module__", ""), trusted)
    own = found.__module__.split(".")[0] in ("argus", *trusted)
    if not own and not inspect.isclass(found):
        raise CheckpointError(f"the model names {path}, which is no class: {type(found).__name__}.")
    return found


def _check_root(path: str, module: str, trusted: Sequence[str]) -> None:
    root = module.split(".")[0]
    if root not in (*TRUSTED, *trusted):
        raise CheckpointError(
            f"the model names {path}, which is in none of the packages that are trusted "
            f"({', '.join((*TRUSTED, *trusted))}). If you trust where the model is from, allow "
            f"{root!r} by name (--trust)."
        )


def to_json(value: Any) -> Any:
    """Plain values as JSON has them: a tuple becomes a dict with one key."""
    if isinstance(value, dict):
        return {key: to_json(item) for key, item in value.items()}
    if isinstance(value, tuple):
        return {_TUPLE: [to_json(item) for item in value]}
    return [to_json(item) for item in value] if isinstance(value, list) else value


def from_json(value: Any) -> Any:
    """Inverse of :func:`to_json`."""
    if isinstance(value, dict):
        if set(value) == {_TUPLE}:
            return tuple(from_json(item) for item in value[_TUPLE])
        return {key: from_json(item) for key, item in value.items()}
    return [from_json(item) for item in value] if isinstance(value, list) else value
