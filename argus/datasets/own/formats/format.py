"""What a module of this folder has to give."""

from collections.abc import Callable
from dataclasses import dataclass

from argus.datasets.own.record import OwnData
from argus.datasets.own.tree import Tree


@dataclass(frozen=True, kw_only=True)
class Clue:
    """Why a folder may have a format.

    Args:
        sure: Whether nothing else looks like it.
        why: A sentence without a stop.
    """

    sure: bool
    why: str


@dataclass(frozen=True, kw_only=True)
class Options:
    """What a person says about the data.

    Args:
        kind: What the labels are to be good for, if that is said.
        unit: Of depth: values that are one metre.
        names: Of the classes, in the order of their numbers, where the data have numbers alone.
    """

    kind: str | None = None
    unit: float | None = None
    names: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Format:
    """A way to write labels.

    Args:
        name: By which ``format=`` chooses it.
        title: What a person calls it.
        clue: Looks at a folder; ``None`` if it cannot have the format.
        read: Reads it, or raises ``DataError``.
        kinds: What its labels can be good for.
        suffixes: Of the file that alone can be given as the data.
        is_last: Whether it is only meant where nothing else fits.
    """

    name: str
    title: str
    clue: Callable[[Tree], Clue | None]
    read: Callable[[Tree, Options], OwnData]
    kinds: tuple[str, ...]
    suffixes: tuple[str, ...] = ()
    is_last: bool = False
