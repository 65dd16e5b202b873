"""The form of plain values from a file, declared once and checked where they are read.

A schema is a function that takes a value and its place, and raises where the value has another
form. So readers may index what they have read.
"""

import math
import re
from collections.abc import Callable, Mapping
from typing import Any

from argus.errors import CheckpointError

Schema = Callable[[Any, str], None]


def is_a(words: str, holds: Callable[[Any], Any]) -> Schema:
    """A value for which a condition holds.

    Args:
        words: What is expected, for the message.
        holds: The condition.
    """

    def check(value: Any, where: str) -> None:
        if not holds(value):
            raise CheckpointError(f"{where}: expected {words}, found {shown(value)}.")

    return check


def text(pattern: str = "", words: str = "a text", *, longest: int = 100_000) -> Schema:
    """A text, of a form if a pattern is given."""
    form = re.compile(pattern or r"(?s:.*)")
    return is_a(
        words,
        lambda value: isinstance(value, str) and len(value) <= longest and form.fullmatch(value),
    )


def listing(of: Schema, *, length: int | None = None) -> Schema:
    """A list or tuple, each item of one form."""
    words = "a list" if length is None else f"a list of {length}"

    def check(value: Any, where: str) -> None:
        if not isinstance(value, (list, tuple)) or length not in (None, len(value)):
            raise CheckpointError(f"{where}: expected {words}, found {shown(value)}.")
        for index, item in enumerate(value):
            of(item, f"{where}.{index}")

    return check


def table(
    required: Mapping[str, Schema] | None = None,
    optional: Mapping[str, Schema] | None = None,
    *,
    others: Schema | None = None,
    least: int = 0,
) -> Schema:
    """A dict with texts as keys.

    Args:
        required: Form of the values that must be there.
        optional: Form of those that may be.
        others: Form of all others; any by default.
        least: How many values there must be.
    """
    known = {**(required or {}), **(optional or {})}

    def check(value: Any, where: str) -> None:
        if not isinstance(value, Mapping) or len(value) < least:
            words = f"a dict of at least {least}" if least else "a dict"
            raise CheckpointError(f"{where}: expected {words}, found {shown(value)}.")
        for key in required or ():
            if key not in value:
                raise CheckpointError(f"{where}: {key!r} is missing; the file is not complete.")
        for key, item in value.items():
            if not isinstance(key, str):
                raise CheckpointError(f"{where}: expected texts as keys, found {shown(key)}.")
            form = known.get(key, others)
            if form is not None:
                form(item, f"{where}{': ' if where.endswith(_FILES) else '.'}{key[:60]}")

    return check


def either(*schemas: Schema) -> Schema:
    """A value of one of several forms; the message is that of the last."""

    def check(value: Any, where: str) -> None:
        for schema in schemas[:-1]:
            try:
                return schema(value, where)
            except CheckpointError:
                continue
        return schemas[-1](value, where)

    return check


def shown(value: Any) -> str:
    """A value for a message, however long it is."""
    if isinstance(value, (list, tuple, dict)) and value:
        return f"a {type(value).__name__} of {len(value):,}"
    if isinstance(value, (str, bool, type(None), float, list, dict)):
        return repr(value) if len(repr(value)) <= 60 else f"{repr(value)[:57]}..."
    if isinstance(value, int):
        return str(value) if abs(value) < 10**15 else "a huge number"
    return f"a {type(value).__name__}"


def is_number(value: Any) -> bool:
    """Whether a value is a number, not a truth value; NaN and infinity are."""
    if isinstance(value, int):
        return not isinstance(value, bool) and abs(value) < 2**63
    return isinstance(value, float)


_FILES = (".json", ".pth", ".pt", ".ckpt")
NULL = is_a("null", lambda value: value is None)
NUMBER = is_a("a number", is_number)
WHOLE = is_a(
    "a whole number of at least 0",
    lambda value: isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 2**63,
)
FINITE = is_a("a finite number", lambda value: is_number(value) and math.isfinite(value))
