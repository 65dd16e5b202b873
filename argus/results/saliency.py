"""Saliency: what stands out."""

from dataclasses import dataclass
from typing import ClassVar

from argus.results.probability import ProbabilityMap


@dataclass(frozen=True, kw_only=True, eq=False)
class Saliency(ProbabilityMap):
    """How likely each pixel belongs to what a person looks at first."""

    kind: ClassVar[str] = "saliency"
