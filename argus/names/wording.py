"""Names in messages, and names that differ in writing alone."""

import re
from collections.abc import Iterable

_MAX_SHOWN = 12
_PLURAL = re.compile(r"\b(\w+s)\b( are\b| have\b|)")
_VERBS = {" are": " is", " have": " has", "": ""}


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


def counted_kind(number: int, plural: str) -> str:
    """A number and what there is of it: ``1 crowd region (ignored)``, ``2 crowd regions ...``.

    Args:
        number: How many.
        plural: Words of which the first that ends in s is the noun, with the verb, if any, behind
            it; or words without a noun, from "of" on.
    """
    has_noun = number == 1 and not plural.startswith(("of ", "without "))
    return f"{number:,} {_PLURAL.sub(_in_singular, plural, count=1) if has_noun else plural}"


def _in_singular(found: re.Match[str]) -> str:
    noun, verb = found[1], found[2]
    return (noun[:-2] if noun.endswith("xes") else noun[:-1]) + _VERBS[verb]
