"""Boundaries of objects."""

from dataclasses import dataclass
from typing import ClassVar

from argus.results.probability import ProbabilityMap


@dataclass(frozen=True, kw_only=True, eq=False)
class Boundary(ProbabilityMap):
    """How likely a boundary runs through each pixel; thick lines, not thinned."""

    kind: ClassVar[str] = "boundary"
