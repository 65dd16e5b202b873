"""Surface normals."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from argus.results.base import TaskResult
from argus.results.dense import dense_sample, read_map
from argus.results.encoding import encode_map, numbers
from argus.visualization.palette import RGB


@dataclass(frozen=True, kw_only=True, eq=False)
class NormalMap(TaskResult):
    """The direction that the surface at every pixel faces.

    In :meth:`to_dict`: ``mean_direction`` [x, y, z], the mean of the vectors as a unit vector,
    ``None`` thrice if there is none; with ``arrays="full"`` also ``map``, floats of three channels.

    Args:
        vectors: ``(H, W, 3)`` float32 unit vectors in the camera's axes: x right, y up, z towards
            the viewer.
    """

    kind: ClassVar[str] = "normals"

    vectors: np.ndarray

    def __post_init__(self) -> None:
        """Check the shape."""
        assert self.vectors.shape == (*self.size, 3), (self.vectors.shape, self.size)

    @classmethod
    def from_sample(
        cls,
        sample: Any,
        *,
        task: str,
        classes: Sequence[str] = (),
        palette: Sequence[RGB] | None = None,
        score_threshold: float = 0.0,
    ) -> "NormalMap":
        """See the base class; of a ``DenseSample``. There is no score to compare."""
        sample = sample[0] if isinstance(sample, (list, tuple)) else sample
        values, fields = read_map(sample, "normals", task=task, classes=classes, palette=palette)
        return cls(vectors=np.ascontiguousarray(np.moveaxis(values, 0, -1)), **fields)

    def to_sample(self) -> Any:
        """A ``DenseSample`` with ``pred_normals``, (3, H, W)."""
        return dense_sample(self.size, dict(normals=np.moveaxis(self.vectors, -1, 0)))

    def arrays(self) -> dict[str, np.ndarray]:
        """``vectors``."""
        return dict(vectors=self.vectors)

    def _content(self, arrays: str) -> dict[str, Any]:
        known = self.vectors[np.isfinite(self.vectors).all(axis=-1)]
        total = known.sum(axis=0, dtype=np.float64)
        length = float(np.linalg.norm(total))
        direction = total / length if length > 0 else np.full(3, np.nan)
        content: dict[str, Any] = dict(mean_direction=numbers(direction))
        return content | dict(map=encode_map(self.vectors)) if arrays == "full" else content
