"""A class for every pixel: semantic segmentation, human parts."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from argus.results.base import TaskResult, common_fields, require
from argus.results.encoding import encode_map
from argus.visualization.palette import RGB
from argus.visualization.sample_arrays import to_array


@dataclass(frozen=True, kw_only=True, eq=False)
class SemanticMap(TaskResult):
    """The class of every pixel.

    In :meth:`to_dict`: ``segments``, a list of dicts with ``name``, ``label`` and ``share`` of the
    image in [0, 1], largest first; with ``arrays="full"`` also ``labels``, a map of integers.

    Args:
        labels: ``(H, W)``, uint8 or int64.
    """

    kind: ClassVar[str] = "semantic"

    labels: np.ndarray

    def __post_init__(self) -> None:
        """Check the shape."""
        assert self.labels.shape == self.size, (self.labels.shape, self.size)

    @classmethod
    def from_sample(
        cls,
        sample: Any,
        *,
        task: str,
        classes: Sequence[str],
        palette: Sequence[RGB] | None = None,
        score_threshold: float = 0.0,
    ) -> "SemanticMap":
        """See the base class; of mmseg's ``SegDataSample``. There is no score to compare."""
        sample = sample[0] if isinstance(sample, (list, tuple)) else sample
        field = require(sample, "pred_sem_seg", task)
        labels = to_array(field.data if "data" in field else field.sem_seg).squeeze(0)
        few = labels.size == 0 or labels.max() < 256
        fields = common_fields(
            sample, task=task, classes=classes, palette=palette, shape=labels.shape
        )
        return cls(labels=labels.astype(np.uint8 if few else np.int64), **fields)

    def to_sample(self) -> Any:
        """An mmseg ``SegDataSample`` with ``pred_sem_seg``, (1, H, W) int64."""
        import torch
        from mmengine.structures import PixelData
        from mmseg.structures import SegDataSample

        sample = SegDataSample(metainfo=dict(ori_shape=self.size))
        labels = torch.from_numpy(self.labels.astype(np.int64))
        sample.pred_sem_seg = PixelData(data=labels[None])
        return sample

    def shares(self) -> dict[int, float]:
        """Share of the image in [0, 1] by label, of those that occur, largest first."""
        labels, counts = np.unique(self.labels, return_counts=True)
        order = np.argsort(-counts, kind="stable")
        return {int(labels[i]): float(counts[i] / self.labels.size) for i in order}

    def arrays(self) -> dict[str, np.ndarray]:
        """``labels``."""
        return dict(labels=self.labels)

    def _content(self, arrays: str) -> dict[str, Any]:
        segments = [
            dict(name=self.name(label), label=label, share=share)
            for label, share in self.shares().items()
        ]
        content: dict[str, Any] = dict(segments=segments)
        return content | dict(labels=encode_map(self.labels)) if arrays == "full" else content
