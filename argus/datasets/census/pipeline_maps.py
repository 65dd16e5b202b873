"""Semantic labels as the pipeline of a data set gives them, where none of the known loaders reads.

A loader of the user's own, an option of a stock one (``reduce_zero_label``, ``ignore_index``): what
they make of a file they alone know, so the steps of the pipeline are run up to the label map.
"""

import copy
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from mmcv.transforms import BaseTransform

from argus.datasets.checks.label_loaders import loaders_to_judge, steps_of
from argus.datasets.joined_parts import Part
from argus.datasets.stored_entries import parts_of
from argus.datasets.transforms.labels import IGNORE, LoadSegMap
from argus.names.wording import counted

_KEY = "gt_seg_map"


class PipelineMaps(BaseTransform):
    """The label maps that the first steps of a pipeline give.

    Args:
        steps: The steps up to the label map.
        num_classes: Of the data set.
        ignore: The label that the decoder ignores; a loader that names another is believed.
    """

    def __init__(self, steps: Sequence[Any], *, num_classes: int, ignore: int) -> None:
        self.steps = list(steps)
        self.num_classes = num_classes
        self.ignore = ignore
        self.name = type(self.steps[-1]).__name__

    def transform(self, results: dict[str, Any]) -> dict[str, Any]:
        """Run the steps."""
        for step in self.steps:
            results = step(results)
        return results

    def load(self, sample: Mapping[str, Any]) -> np.ndarray | None:
        """The labels of a sample, (H, W) int64, 255 for what is ignored; ``None`` without any."""
        results = self.transform(copy.deepcopy(dict(sample)))
        labels = _labels_in(results)
        if labels is None:
            return None
        ignored = labels == results.get("ignore_index", self.ignore)
        return np.where(ignored, IGNORE, np.where(labels == IGNORE, IGNORE + 1, labels))

    def out_of_range(self, labels: np.ndarray) -> str:
        """What is wrong with labels that are no classes; empty if all are.

        Args:
            labels: As :meth:`load` gives them.
        """
        wrong = (labels != IGNORE) & ((labels < 0) | (labels >= self.num_classes))
        if not wrong.any():
            return ""
        values = np.unique(labels[wrong])
        found = [int(v) - int(v == IGNORE + 1) for v in values[:10]]
        return (
            f"labels {found} out of range, as {self.name} gives them: expected "
            f"0..{self.num_classes - 1} or {self.ignore} (ignored), found in "
            f"{counted(int(wrong.sum()), 'pixel')}"
        )

    def __repr__(self) -> str:
        return f"{type(self).__name__}(steps={self.steps}, ignore={self.ignore})"


def judging_loaders(part: Part, *, ignore: int = IGNORE) -> list[BaseTransform]:
    """The loaders by which the label maps of a data set are judged.

    Args:
        part: The data set, or a part of a joined one.
        ignore: The label that the decoder ignores.

    Returns:
        Those of :func:`~argus.datasets.checks.label_loaders.loaders_to_judge`; if none of them
        reads semantic maps, but the pipeline gives some, these steps of it.
    """
    loaders = loaders_to_judge(part.config, part.metainfo, ignore=ignore)
    number = len(part.metainfo.get("classes") or ())
    is_known = any(isinstance(load, LoadSegMap) for load in loaders)
    if not number or is_known or not any(steps_of(part.config)):
        return loaders
    steps = _steps_to_maps(part.dataset)
    if not steps:
        return loaders
    return [PipelineMaps(steps, num_classes=number, ignore=ignore), *loaders]


def _steps_to_maps(dataset: Any) -> list[Any]:
    """The steps of the pipeline up to the label map of the first sample; none if it has no such."""
    sample = copy.deepcopy(dict(dataset.get_data_info(0)))
    if "segments_info" in sample:  # panoptic maps are judged by their entries
        return []
    pipelines = [
        getattr(inner, "pipeline", None)
        for inner in parts_of(dataset)
        if not hasattr(inner, "dataset") and not hasattr(inner, "datasets")
    ]
    steps = list(getattr(pipelines[0], "transforms", ()))
    for number, step in enumerate(steps, start=1):
        try:
            sample = step(sample)
        except Exception:  # noqa: BLE001 - the first sample may be a broken one
            return []
        if sample is None:
            return []
        if _labels_in(sample) is not None:
            return [*steps[:number]]
    return []


def _labels_in(results: Mapping[str, Any]) -> np.ndarray | None:
    """Semantic labels in the results of a step, or in a packed sample."""
    labels = results.get(_KEY)
    if labels is None:
        packed = getattr(results.get("data_samples"), "gt_sem_seg", None)
        tensor = None if packed is None else packed.get("sem_seg", packed.get("data"))
        labels = None if tensor is None else tensor.squeeze(0).numpy()
    if not isinstance(labels, np.ndarray) or labels.ndim != 2 or labels.dtype.kind not in "iub":
        return None
    return labels.astype(np.int64)
