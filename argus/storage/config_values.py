"""Configs as plain values: what a checkpoint or a model file can hold.

A class or function is written as ``class:<module>.<name>``; :mod:`argus.model_config` is the way
back, which calls nothing that a model must not name.
"""

import inspect
from collections.abc import Mapping
from typing import Any

from argus.errors import ConfigError

CLASS = "class:"
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
        return f"{CLASS}{value.__module__}.{value.__qualname__}"
    raise ConfigError(
        f"{where}: a {type(value).__name__} cannot be stored in a model file. Use numbers, "
        "strings, lists, tuples, dicts and classes in configs."
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
        if set(value) == {_TUPLE} and isinstance(value[_TUPLE], list):
            return tuple(from_json(item) for item in value[_TUPLE])
        return {key: from_json(item) for key, item in value.items()}
    return [from_json(item) for item in value] if isinstance(value, list) else value
