"""Anomalies: whether, and where, an object is defective."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from argus.results.base import TaskResult
from argus.results.dense import dense_sample, read_map
from argus.results.encoding import encode_map, number, statistics
from argus.visualization.palette import RGB
from argus.visualization.sample_arrays import to_array


@dataclass(frozen=True, kw_only=True, eq=False)
class Anomaly(TaskResult):
    """How unusual the image and each of its pixels are.

    Scores have no fixed range: they order the images of one category, and a threshold comes from
    images whose verdict is known.

    In :meth:`to_dict`: ``score``, ``category`` and ``heat`` with ``min``, ``median``, ``mean`` and
    ``max``; with ``arrays="full"`` also ``map``, floats.

    Args:
        score: Of the whole image, larger is more likely defective.
        heat: ``(H, W)`` float32, larger is more likely defective.
        category: What the object is said to be; empty if unknown.
    """

    kind: ClassVar[str] = "anomaly"

    score: float
    heat: np.ndarray
    category: str = ""

    def __post_init__(self) -> None:
        """Check the shape."""
        assert self.heat.shape == self.size, (self.heat.shape, self.size)

    @classmethod
    def from_sample(
        cls,
        sample: Any,
        *,
        task: str,
        classes: Sequence[str] = (),
        palette: Sequence[RGB] | None = None,
        score_threshold: float = 0.0,
    ) -> "Anomaly":
        """See the base class; of a ``DenseSample``. Without a score the largest pixel counts."""
        sample = sample[0] if isinstance(sample, (list, tuple)) else sample
        heat, fields = read_map(sample, "anomaly_map", task=task, classes=classes, palette=palette)
        score = float(to_array(sample.pred_anomaly)) if "pred_anomaly" in sample else heat.max()
        category = sample.metainfo.get("category") or ""
        return cls(score=float(score), heat=heat[0], category=str(category), **fields)

    def to_sample(self) -> Any:
        """A ``DenseSample`` with ``pred_anomaly``, ``pred_anomaly_map`` and its ``category``."""
        meta = dict(category=self.category) if self.category else {}
        sample = dense_sample(self.size, dict(anomaly_map=self.heat[None]), **meta)
        sample.pred_anomaly = self.score
        return sample

    def arrays(self) -> dict[str, np.ndarray]:
        """``heat`` and ``score``, an array without axes."""
        return dict(heat=self.heat, score=np.asarray(self.score))

    def _content(self, arrays: str) -> dict[str, Any]:
        content: dict[str, Any] = dict(
            score=number(self.score), category=self.category, heat=statistics(self.heat)
        )
        return content | dict(map=encode_map(self.heat)) if arrays == "full" else content
