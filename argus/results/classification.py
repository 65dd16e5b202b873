"""Image classification."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from argus.results.base import TaskResult, common_fields, require
from argus.results.encoding import number, numbers
from argus.visualization.palette import RGB
from argus.visualization.sample_arrays import to_array

TOP_K = 5


@dataclass(frozen=True, kw_only=True, eq=False)
class Classification(TaskResult):
    """How likely each class is for the whole image.

    In :meth:`to_dict`: ``top``, the five best as dicts with ``name``, ``label`` and
    ``probability``; with ``arrays="full"`` also ``probabilities`` of all classes.

    Args:
        probabilities: ``(C,)`` float32 in [0, 1].
    """

    kind: ClassVar[str] = "classification"

    probabilities: np.ndarray

    def __post_init__(self) -> None:
        """Check the shape."""
        assert self.probabilities.ndim == 1, self.probabilities.shape

    @classmethod
    def from_sample(
        cls,
        sample: Any,
        *,
        task: str,
        classes: Sequence[str],
        palette: Sequence[RGB] | None = None,
        score_threshold: float = 0.0,
    ) -> "Classification":
        """See the base class; of mmpretrain's ``DataSample``. All classes are kept."""
        sample = sample[0] if isinstance(sample, (list, tuple)) else sample
        scores = to_array(require(sample, "pred_score", task)).astype(np.float32)
        fields = common_fields(sample, task=task, classes=classes, palette=palette)
        return cls(probabilities=scores, **fields)

    def to_sample(self) -> Any:
        """An mmpretrain ``DataSample`` with ``pred_score`` and ``pred_label``."""
        import torch
        from mmpretrain.structures import DataSample

        sample = DataSample(metainfo=dict(ori_shape=self.size))
        sample.set_pred_score(torch.from_numpy(self.probabilities))
        return sample.set_pred_label(int(self.probabilities.argmax()))

    def top(self, k: int = TOP_K) -> list[tuple[str, int, float]]:
        """Name, label and probability of the ``k`` best classes, best first."""
        best = np.argsort(-self.probabilities, kind="stable")[:k]
        return [(self.name(int(i)), int(i), float(self.probabilities[i])) for i in best]

    def arrays(self) -> dict[str, np.ndarray]:
        """``probabilities``."""
        return dict(probabilities=self.probabilities)

    def _content(self, arrays: str) -> dict[str, Any]:
        top = [
            dict(name=name, label=label, probability=number(self.probabilities[label]))
            for name, label, _ in self.top()
        ]
        if arrays == "full":
            return dict(top=top, probabilities=numbers(self.probabilities))
        return dict(top=top)
