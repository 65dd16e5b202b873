"""Panoptic segmentation: every pixel belongs to one object or one area of stuff."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from argus.errors import DataError
from argus.results.base import TaskResult, common_fields, require
from argus.results.encoding import encode_map, encode_rle, number
from argus.visualization.palette import RGB
from argus.visualization.sample_arrays import to_array


@dataclass(frozen=True, kw_only=True)
class Segment:
    """An object, or all that is visible of a kind of stuff.

    Args:
        id: Its number in the map, from 1 on.
        label: Class.
        name: Name of the class.
        is_thing: Whether it is one of several countable objects.
        score: In [0, 1]; ``None`` if the decoder gives none.
        area: Pixels.
    """

    id: int
    label: int
    name: str
    is_thing: bool
    score: float | None
    area: int


@dataclass(frozen=True, kw_only=True, eq=False)
class PanopticMap(TaskResult):
    """The segment of every pixel.

    In :meth:`to_dict`: ``segments``, a list of dicts with ``id``, ``name``, ``label``,
    ``is_thing``, ``score``, ``area`` in pixels and, unless ``arrays="none"``, ``mask`` (COCO run
    lengths); with ``arrays="full"`` also ``segment_ids``, a map of integers.

    Args:
        segment_ids: ``(H, W)`` int32; 0 belongs to no segment.
        segments: By id, which counts from 1.
    """

    kind: ClassVar[str] = "panoptic"

    segment_ids: np.ndarray
    segments: tuple[Segment, ...]

    def __post_init__(self) -> None:
        """Check the shape and the numbers of the segments."""
        assert self.segment_ids.shape == self.size, (self.segment_ids.shape, self.size)
        assert [s.id for s in self.segments] == list(range(1, len(self.segments) + 1))

    @classmethod
    def from_sample(
        cls,
        sample: Any,
        *,
        task: str,
        classes: Sequence[str],
        palette: Sequence[RGB] | None = None,
        score_threshold: float = 0.0,
    ) -> "PanopticMap":
        """See the base class; of mmdet's ``DetDataSample``. The map has no score to compare.

        Raises:
            DataError: ``classes`` is empty: from their number on, labels mean no segment.
        """
        from mmdet.structures import INSTANCE_OFFSET

        sample = sample[0] if isinstance(sample, (list, tuple)) else sample
        if not classes:
            raise DataError(f"task {task!r}: a panoptic map cannot be read without class names.")
        codes = to_array(require(sample, "pred_panoptic_seg", task).sem_seg).squeeze(0)
        # As np.unique with its inverse and counts, without sorting the pixels.
        counts = np.bincount(codes.ravel())
        present = np.flatnonzero(counts)
        present = present[present % INSTANCE_OFFSET < len(classes)]
        # Things in the order in which the decoder numbered them, then stuff.
        is_thing = present >= INSTANCE_OFFSET
        present = np.concatenate([present[is_thing], present[~is_thing]])
        place = np.zeros(len(counts), np.int32)
        place[present] = np.arange(1, len(present) + 1)
        segments = tuple(
            Segment(
                id=index,
                label=int(code % INSTANCE_OFFSET),
                name=str(classes[code % INSTANCE_OFFSET]),
                is_thing=bool(code >= INSTANCE_OFFSET),
                score=None,
                area=int(counts[code]),
            )
            for index, code in enumerate(present, 1)
        )
        fields = common_fields(
            sample, task=task, classes=classes, palette=palette, shape=codes.shape
        )
        return cls(segment_ids=place[codes], segments=segments, **fields)

    def to_sample(self) -> Any:
        """An mmdet ``DetDataSample`` with ``pred_panoptic_seg.sem_seg``, (1, H, W) int32.

        Its values are label + number of the thing * mmdet's ``INSTANCE_OFFSET``; things are
        numbered from 1, stuff has the number 0, and no segment is the number of classes.
        """
        import torch
        from mmdet.structures import INSTANCE_OFFSET, DetDataSample
        from mmengine.structures import PixelData

        codes = np.full(len(self.segments) + 1, len(self.classes), np.int32)
        num_things = 0
        for segment in self.segments:
            num_things += segment.is_thing
            codes[segment.id] = segment.label + INSTANCE_OFFSET * num_things * segment.is_thing
        sample = DetDataSample(metainfo=dict(ori_shape=self.size))
        sample.pred_panoptic_seg = PixelData(
            sem_seg=torch.from_numpy(codes[self.segment_ids])[None]
        )
        return sample

    def mask(self, segment_id: int) -> np.ndarray:
        """Pixels ``(H, W)`` bool of a segment."""
        return self.segment_ids == segment_id

    def arrays(self) -> dict[str, np.ndarray]:
        """``segment_ids``, and the ``labels`` of the segments by id, -1 for id 0."""
        labels = np.array([-1, *(segment.label for segment in self.segments)], np.int64)
        return dict(segment_ids=self.segment_ids, labels=labels)

    def _content(self, arrays: str) -> dict[str, Any]:
        segments = []
        for segment in self.segments:
            entry: dict[str, Any] = dict(
                id=segment.id,
                name=segment.name,
                label=segment.label,
                is_thing=segment.is_thing,
                score=None if segment.score is None else number(segment.score),
                area=segment.area,
            )
            if arrays != "none":
                entry["mask"] = encode_rle(self.mask(segment.id))
            segments.append(entry)
        content: dict[str, Any] = dict(segments=segments)
        if arrays == "full":
            content["segment_ids"] = encode_map(self.segment_ids)
        return content
