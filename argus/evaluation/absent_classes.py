"""Classes that the truth of an evaluation does not have, which a mean over classes passes over.

mmseg's IoU of a class without a pixel is 0 where it is predicted, else NaN, and the mean leaves NaN
out; so it is with the panoptic quality. COCO's AP of a class without an object is -1, and is left
out. mmpretrain's precision, recall and AP of a class without a sample are 0, and count. An
evaluation in which half of the classes never occur looks like any other.
"""

from collections.abc import Callable
from typing import Any

import torch

from argus.evaluation.metrics.panoptic import PanopticQuality
from argus.names.wording import counted, listed

_LEFT_OUT = "they are left out of the mean"
_MEANS_OF_LABELS = {"SingleLabelMetric", "MultiLabelMetric", "AveragePrecision"}


class AbsentClasses:
    """Look at what a metric compares with, while it computes.

    Args:
        metric: Any metric; of others than mmseg's IoU, mmdet's COCO, mmpretrain's means over
            classes and the panoptic quality nothing is found.

    Attributes:
        text: What the last evaluation lacked, in words; empty if nothing, or on a process that did
            not compute.
    """

    def __init__(self, metric: Any) -> None:
        self.text = ""
        self._metric = metric
        kinds = {base.__name__ for base in type(metric).__mro__ if _is_foreign(base)}
        if "IoUMetric" in kinds:
            self._watch(_pixels, "pixel", f"IoU is 0 where they are predicted, else {_LEFT_OUT}")
        elif "CocoMetric" in kinds:
            self._watch(_objects, "object", _LEFT_OUT)
        elif kinds & _MEANS_OF_LABELS and metric.average == "macro":
            self._watch(_labels, "sample", "they count as 0 in the mean")
        elif isinstance(metric, PanopticQuality):
            self._watch(_segments, "segment", f"PQ is 0 where they are predicted, else {_LEFT_OUT}")

    def _watch(self, count: Callable[[Any, list[Any]], list[str]], unit: str, outcome: str) -> None:
        compute = self._metric.compute_metrics

        def watched(results: list[Any]) -> Any:
            values = compute(results)
            names = [str(name) for name in self._metric.dataset_meta.get("classes") or ()]
            absent = count(self._metric, results) if results else []
            self.text = (
                f"{len(absent)} of {counted(len(names), 'class', 'classes')} have no {unit} in the "
                f"truth: {listed(absent)}; {outcome}"
                if absent
                else ""
            )
            return values

        self._metric.compute_metrics = watched


def _is_foreign(base: type) -> bool:
    return base.__module__.split(".")[0] in ("mmseg", "mmdet", "mmpretrain")


def _pixels(metric: Any, results: list[Any]) -> list[str]:
    if metric.format_only:
        return []
    areas = torch.stack([result[3] for result in results]).sum(dim=0)  # of the truth, by class
    names = metric.dataset_meta["classes"]
    return [str(name) for name, area in zip(names, areas.tolist(), strict=True) if not area]


def _segments(metric: Any, results: list[Any]) -> list[str]:
    found = sum(state["tp"] + state["fn"] for state in results)
    names = metric.dataset_meta["classes"]
    return [str(name) for name, number in zip(names, found, strict=True) if not number]


def _labels(metric: Any, results: list[Any]) -> list[str]:
    names = metric.dataset_meta.get("classes") or ()
    found = set()
    for result in results:
        truth = result["gt_score"].nonzero() if "gt_score" in result else result["gt_label"]
        found.update(truth.flatten().tolist())
    return [str(name) for index, name in enumerate(names) if index not in found]


def _objects(metric: Any, results: list[Any]) -> list[str]:
    truth = metric._coco_api
    if truth is None or metric.cat_ids is None:
        return []
    images = set(metric.img_ids)
    found = {
        entry["category_id"]
        for entry in truth.dataset.get("annotations", ())
        if entry["image_id"] in images and not entry.get("iscrowd")
    }
    return [str(truth.cats[number]["name"]) for number in metric.cat_ids if number not in found]
