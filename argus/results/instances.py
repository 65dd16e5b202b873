"""Detected objects: boxes, names, scores and masks."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from argus.results.base import TaskResult, common_fields, require
from argus.results.encoding import encode_rle, number, numbers
from argus.visualization.palette import RGB
from argus.visualization.sample_arrays import to_array, to_masks


@dataclass(frozen=True, kw_only=True, eq=False)
class Instances(TaskResult):
    """Objects of one image, best first as the decoder gives them.

    In :meth:`to_dict`: ``instances``, a list of dicts with ``name``, ``label``, ``score``, ``box``
    [x0, y0, x1, y1] in pixels and, unless ``arrays="none"``, ``mask`` (COCO run lengths).

    Args:
        boxes: ``(N, 4)`` float32, x0 y0 x1 y1 in pixels.
        scores: ``(N,)`` float32 in [0, 1].
        labels: ``(N,)`` int64.
        masks: ``(N, H, W)`` bool; ``None`` of a detector without masks.
    """

    kind: ClassVar[str] = "instances"

    boxes: np.ndarray
    scores: np.ndarray
    labels: np.ndarray
    masks: np.ndarray | None = None

    def __post_init__(self) -> None:
        """Check that there is one of everything per object."""
        count = len(self.boxes)
        assert self.boxes.shape == (count, 4), self.boxes.shape
        assert self.scores.shape == self.labels.shape == (count,), (self.scores.shape, count)
        assert self.masks is None or self.masks.shape == (count, *self.size), self.masks.shape

    @classmethod
    def from_sample(
        cls,
        sample: Any,
        *,
        task: str,
        classes: Sequence[str],
        palette: Sequence[RGB] | None = None,
        score_threshold: float = 0.0,
    ) -> "Instances":
        """See the base class; of mmdet's ``DetDataSample``."""
        sample = sample[0] if isinstance(sample, (list, tuple)) else sample
        fields = common_fields(sample, task=task, classes=classes, palette=palette)
        found = require(sample, "pred_instances", task)
        scores = to_array(found.scores).astype(np.float32)
        kept = scores >= score_threshold
        # Run lengths and tensors of masks are large: those left out are not touched.
        masks = None
        if "masks" in found:
            index = np.flatnonzero(kept)
            masks = np.zeros((0, *fields["size"]), bool)
            if len(index):
                masks = to_masks(found[index].masks)
        return cls(
            boxes=to_array(found.bboxes).astype(np.float32).reshape(-1, 4)[kept],
            scores=scores[kept],
            labels=to_array(found.labels).astype(np.int64)[kept],
            masks=masks,
            **fields,
        )

    def to_sample(self) -> Any:
        """An mmdet ``DetDataSample`` with ``pred_instances`` of tensors."""
        import torch
        from mmdet.structures import DetDataSample
        from mmengine.structures import InstanceData

        found = InstanceData(
            bboxes=torch.from_numpy(self.boxes),
            scores=torch.from_numpy(self.scores),
            labels=torch.from_numpy(self.labels),
        )
        if self.masks is not None:
            found.masks = torch.from_numpy(self.masks)
        sample = DetDataSample(metainfo=dict(ori_shape=self.size))
        sample.pred_instances = found
        return sample

    @property
    def names(self) -> tuple[str, ...]:
        """Class name of each object."""
        return tuple(self.name(int(label)) for label in self.labels)

    def __len__(self) -> int:
        """Number of objects."""
        return len(self.boxes)

    def to_coco(
        self, image_id: int | str, category_ids: Sequence[int | str] | None = None
    ) -> list[dict[str, Any]]:
        """Results as COCO's evaluation reads them (``COCO.loadRes``).

        Args:
            image_id: Id of the image in the data set.
            category_ids: Category id by label; ``None`` for label + 1, as COCO counts from 1.

        Returns:
            Dicts with ``image_id``, ``category_id``, ``bbox`` [x, y, width, height], ``score``
            and, if there are masks, ``segmentation``.
        """
        results = []
        for index, label in enumerate(self.labels.tolist()):
            category = label + 1 if category_ids is None else category_ids[label]
            x0, y0, x1, y1 = (float(side) for side in self.boxes[index])
            result: dict[str, Any] = dict(
                image_id=image_id,
                category_id=category if isinstance(category, str) else int(category),
                bbox=[x0, y0, x1 - x0, y1 - y0],
                score=float(self.scores[index]),
            )
            if self.masks is not None:
                result["segmentation"] = encode_rle(self.masks[index])
            results.append(result)
        return results

    def arrays(self) -> dict[str, np.ndarray]:
        """``boxes``, ``scores``, ``labels`` and, if there are any, ``masks``."""
        found = dict(boxes=self.boxes, scores=self.scores, labels=self.labels)
        return found if self.masks is None else {**found, "masks": self.masks}

    def _content(self, arrays: str) -> dict[str, Any]:
        found: list[dict[str, Any]] = []
        for index, name in enumerate(self.names):
            entry = dict(
                name=name,
                label=int(self.labels[index]),
                score=number(self.scores[index]),
                box=numbers(self.boxes[index]),
            )
            if self.masks is not None and arrays != "none":
                entry["mask"] = encode_rle(self.masks[index])
            found.append(entry)
        return dict(instances=found)
