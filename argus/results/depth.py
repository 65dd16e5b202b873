"""Depth in metres."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from argus.results.base import TaskResult
from argus.results.dense import dense_sample, read_map
from argus.results.encoding import encode_map, statistics
from argus.visualization.palette import RGB


@dataclass(frozen=True, kw_only=True, eq=False)
class DepthMap(TaskResult):
    """Distance of every pixel along the camera's axis.

    In :meth:`to_dict`: ``metres`` with ``min``, ``median``, ``mean`` and ``max``; with
    ``arrays="full"`` also ``map``, floats.

    Args:
        metres: ``(H, W)`` float32.
    """

    kind: ClassVar[str] = "depth"

    metres: np.ndarray

    def __post_init__(self) -> None:
        """Check the shape."""
        assert self.metres.shape == self.size, (self.metres.shape, self.size)

    @classmethod
    def from_sample(
        cls,
        sample: Any,
        *,
        task: str,
        classes: Sequence[str] = (),
        palette: Sequence[RGB] | None = None,
        score_threshold: float = 0.0,
    ) -> "DepthMap":
        """See the base class; of a ``DenseSample``. There is no score to compare."""
        sample = sample[0] if isinstance(sample, (list, tuple)) else sample
        values, fields = read_map(sample, "depth", task=task, classes=classes, palette=palette)
        return cls(metres=values[0], **fields)

    def to_sample(self) -> Any:
        """A ``DenseSample`` with ``pred_depth``, (1, H, W)."""
        return dense_sample(self.size, dict(depth=self.metres[None]))

    def arrays(self) -> dict[str, np.ndarray]:
        """``metres``."""
        return dict(metres=self.metres)

    def _content(self, arrays: str) -> dict[str, Any]:
        content: dict[str, Any] = dict(metres=statistics(self.metres))
        return content | dict(map=encode_map(self.metres)) if arrays == "full" else content
