"""A config as the text of a config file: imports, then one assignment for each key.

mmengine's own text names classes by strings and is formatted by yapf, which takes seconds.
"""

import inspect
import math
import sys
from collections.abc import Iterator, Mapping
from keyword import iskeyword
from typing import Any

from argus.errors import ConfigError

_WIDTH = 100


def config_text(values: Mapping[str, Any], docstring: str) -> str:
    """The file that has these values.

    Args:
        values: By the names of the file's variables; classes and functions stand for themselves.
        docstring: Its first lines.

    Raises:
        ConfigError: A value is of a kind that no config file can hold.
    """
    names = _Names()
    body = "".join(
        f"{key} = {_text(value, len(key) + 3, 0, names, where=key)}\n"
        for key, value in values.items()
    )
    return f'"""{docstring}"""\n\n' + "".join(f"{line}\n" for line in names.imports()) + f"\n{body}"


class _Names:
    """Names of imported classes: two of one name get different ones."""

    def __init__(self) -> None:
        self._by_object: dict[Any, str] = {}

    def name_of(self, item: Any) -> str:
        """Name of a class or function in the file."""
        if item not in self._by_object:
            name = item.__name__
            if name in self._by_object.values():
                name = f"{item.__module__.split('.')[0].capitalize()}{name}"
            assert name not in self._by_object.values(), name
            self._by_object[item] = name
        return self._by_object[item]

    def imports(self) -> Iterator[str]:
        """The lines that import them."""
        modules: dict[str, list[str]] = {}
        for item, name in self._by_object.items():
            own = item.__name__
            alias = own if own == name else f"{own} as {name}"
            modules.setdefault(_public_module(item), []).append(alias)
        for module, aliases in sorted(modules.items()):
            line = f"from {module} import {', '.join(sorted(aliases))}"
            if len(line) <= _WIDTH:
                yield line
            else:
                yield f"from {module} import ("
                yield from (f"    {alias}," for alias in sorted(aliases))
                yield ")"


def _public_module(item: Any) -> str:
    """The shortest module above that of a class which has it, but for the library itself."""
    parts = item.__module__.split(".")
    for length in range(2, len(parts)):
        module = ".".join(parts[:length])
        if getattr(sys.modules.get(module), item.__name__, None) is item:
            return module
    return str(item.__module__)


def _text(value: Any, column: int, indent: int, names: _Names, *, where: str) -> str:
    """A value as Python, broken where it is too long.

    Args:
        value: The value.
        column: How much of the first line is taken.
        indent: Spaces before the lines that follow.
        names: Of classes.
        where: Place of the value, for messages.
    """
    line = _line(value, names, where=where)
    if column + len(line) < _WIDTH or not isinstance(value, (Mapping, list, tuple)) or not value:
        return line
    opening, items, closing = _items(value, where)
    inner = indent + 4
    lines = [
        f"{' ' * inner}{lead}{_text(item, inner + len(lead), inner, names, where=place)},\n"
        for lead, item, place in items
    ]
    return f"{opening}\n{''.join(lines)}{' ' * indent}{closing}"


def _line(value: Any, names: _Names, *, where: str) -> str:
    """A value as Python in one line."""
    if inspect.isclass(value) or inspect.isfunction(value):
        return names.name_of(value)
    if isinstance(value, (Mapping, list, tuple)):
        opening, items, closing = _items(value, where)
        parts = [lead + _line(item, names, where=place) for lead, item, place in items]
        comma = "," if isinstance(value, tuple) and len(value) == 1 else ""
        return f"{opening}{', '.join(parts)}{comma}{closing}"
    if isinstance(value, str):
        text = repr(value)
        return f'"{text[1:-1]}"' if text[0] == "'" and '"' not in value else text
    if isinstance(value, float) and not math.isfinite(value):
        return f'float("{value}")'
    if isinstance(value, (int, float, bool, type(None))):
        return repr(value)
    raise ConfigError(f"{where}: a {type(value).__name__} cannot be written to a config file.")


def _items(value: Any, where: str) -> tuple[str, list[tuple[str, Any, str]], str]:
    """Brackets of a container, and of each of its items what leads it, itself and its place."""
    if not isinstance(value, Mapping):
        opening, closing = ("[", "]") if isinstance(value, list) else ("(", ")")
        return opening, [("", item, f"{where}[{i}]") for i, item in enumerate(value)], closing
    is_call = all(
        isinstance(key, str) and key.isidentifier() and not iskeyword(key) for key in value
    )
    opening, closing = ("dict(", ")") if is_call else ("{", "}")
    leads = [f"{key}=" if is_call else f"{key!r}: " for key in value]
    places = [f"{where}.{key}" for key in value]
    return opening, list(zip(leads, value.values(), places, strict=True)), closing
