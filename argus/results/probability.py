"""A probability for every pixel: boundaries and saliency."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

import numpy as np

from argus.results.base import TaskResult
from argus.results.dense import dense_sample, read_map
from argus.results.encoding import encode_map, statistics
from argus.visualization.palette import RGB

THRESHOLD = 0.5
Map = TypeVar("Map", bound="ProbabilityMap")


@dataclass(frozen=True, kw_only=True, eq=False)
class ProbabilityMap(TaskResult):
    """How likely each pixel is what the kind names.

    In :meth:`to_dict`: ``probability`` with ``min``, ``median``, ``mean`` and ``max``, and
    ``share``, that of the pixels with at least 0.5; with ``arrays="full"`` also ``map``, floats.

    Args:
        probability: ``(H, W)`` float32 in [0, 1].
    """

    probability: np.ndarray

    def __post_init__(self) -> None:
        """Check the shape."""
        assert self.probability.shape == self.size, (self.probability.shape, self.size)

    @classmethod
    def from_sample(
        cls: type[Map],
        sample: Any,
        *,
        task: str,
        classes: Sequence[str] = (),
        palette: Sequence[RGB] | None = None,
        score_threshold: float = 0.0,
    ) -> Map:
        """See the base class; of a ``DenseSample``. All pixels are kept."""
        sample = sample[0] if isinstance(sample, (list, tuple)) else sample
        values, fields = read_map(sample, cls.kind, task=task, classes=classes, palette=palette)
        return cls(probability=values[0], **fields)

    def to_sample(self) -> Any:
        """A ``DenseSample`` with ``pred_<kind>``, (1, H, W)."""
        return dense_sample(self.size, {self.kind: self.probability[None]})

    def arrays(self) -> dict[str, np.ndarray]:
        """``probability``."""
        return dict(probability=self.probability)

    def _content(self, arrays: str) -> dict[str, Any]:
        content: dict[str, Any] = dict(
            probability=statistics(self.probability),
            share=float((self.probability >= THRESHOLD).mean()),
        )
        return content | dict(map=encode_map(self.probability)) if arrays == "full" else content
