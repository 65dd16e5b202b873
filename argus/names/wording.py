"""Names in messages, and names that differ in writing alone."""

import re
from collections.abc import Iterable

_MAX_SHOWN = 12


def listed(names: Iterable[object]) -> str:
    """The first of them, and their number if there are many."""
    texts = [str(name) for name in names]
    text = ", ".join(texts[:_MAX_SHOWN])
    return text if len(texts) <= _MAX_SHOWN else f"{text}, ... ({len(texts)} in all)"


def folded(name: object) -> str:
    """A name without case, spaces and punctuation."""
    return re.sub(r"[\W_]+", "", str(name)).lower()


def counted(number: int, noun: str, plural: str = "") -> str:
    """A number and its noun: ``1 file``, ``2,000 files``.

    Args:
        number: How many.
        noun: In the singular.
        plural: Of a noun that takes no s.
    """
    return f"{number:,} {noun if number == 1 else plural or noun + 's'}"
