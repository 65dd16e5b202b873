"""Corners of an outline in eight bytes a number, where a tuple of Python's floats takes 32."""

from array import array
from collections.abc import Iterable, Sequence
from typing import Any, overload


class Ring(Sequence[float]):
    """x, y, x, y, ... in pixels; reads, compares and hashes as the tuple of its numbers.

    Args:
        values: The numbers; an array of doubles is taken as it is.
    """

    __slots__ = ("_values",)

    def __init__(self, values: Iterable[float]) -> None:
        known = values._values if isinstance(values, Ring) else values
        if not (isinstance(known, array) and known.typecode == "d"):
            known = array("d", known)
        self._values: array[float] = known

    @overload
    def __getitem__(self, index: int) -> float: ...

    @overload
    def __getitem__(self, index: slice) -> tuple[float, ...]: ...

    def __getitem__(self, index: int | slice) -> float | tuple[float, ...]:
        if isinstance(index, slice):
            return tuple(self._values[index])
        return self._values[index]

    def __len__(self) -> int:
        return len(self._values)

    def __eq__(self, other: Any) -> bool:
        if isinstance(other, (Ring, tuple)):
            return tuple(self) == tuple(other)
        return NotImplemented

    def __hash__(self) -> int:
        return hash(tuple(self._values))

    def __repr__(self) -> str:
        return repr(tuple(self._values))
