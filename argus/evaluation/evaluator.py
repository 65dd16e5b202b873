"""Evaluate one task with the metrics of its library, under common names and units.

Metrics are named ``<task>/<metric>``. Some report fractions and some percents; here every ratio is
a fraction in [0, 1]. What had nothing to be measured on is no number: COCO's evaluation says -1 for
objects or sizes that the truth does not have, a mean over no class is NaN; such metrics are left
out.
"""

import importlib.util
import math
import re
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from mmengine.evaluator import Evaluator

from argus.building import building
from argus.errors import ConfigError
from argus.evaluation.absent_classes import AbsentClasses
from argus.evaluation.coco_classes import (
    order_categories_of,
    order_keypoints_of,
    places_of_classes,
    renumbered,
)
from argus.evaluation.coco_truth import complete_truth
from argus.evaluation.fast_coco import fast_coco
from argus.evaluation.no_truth import mark_without_truth
from argus.evaluation.nothing_found import results_may_be_empty
from argus.evaluation.percents import to_fraction
from argus.evaluation.pixel_scores import count_missed_classes
from argus.registry import METRICS

_COCO_LIBRARIES = ("mmdet", "mmpose")
_COCO_NOTHING_TO_MEASURE = -1.0
_FASTER_COCO = "FasterCocoMetric"


class TaskEvaluator:
    """The metrics of one task.

    Args:
        task: Name of the task.
        metrics: Metric configs, or metric objects.
        dataset_meta: ``metainfo`` of the evaluated data set.

    Attributes:
        unmeasured: Names of the metrics that the last evaluation had nothing to measure on.
        absent: Sentences about classes that its truth did not have; on the process that computes.
    """

    def __init__(
        self, task: str, metrics: Sequence[Any], *, dataset_meta: Mapping[str, Any]
    ) -> None:
        self.task = task
        with building(metrics, where=f"tasks[{task!r}].metrics"):
            self.metrics = [
                METRICS.build(metric) if isinstance(metric, Mapping) else metric
                for metric in metrics
            ]
        _check_packages(self.metrics, task)
        files = [m.get("ann_file") if isinstance(m, Mapping) else None for m in metrics]
        for metric in self.metrics:
            # By messages of the process group (any backend), unless a folder is named: mmengine's
            # default is files below the current directory.
            if getattr(metric, "collect_dir", None) is None:
                metric.collect_device = "gpu"
        self.unmeasured: set[str] = set()
        self.absent: list[str] = []
        self._absences = [AbsentClasses(metric) for metric in self.metrics]
        self._evaluators = [Evaluator([metric]) for metric in self.metrics]
        self._places = []
        for evaluator, metric, path in zip(self._evaluators, self.metrics, files, strict=True):
            evaluator.dataset_meta = dict(dataset_meta)  # mmpose's may then read annotations
            complete_truth(metric, path)
            mark_without_truth(metric)
            count_missed_classes(metric)
            path = path or f"the annotations of the metric of task {task!r}"
            order_keypoints_of(metric, dataset_meta, path=path)
            order_categories_of(metric, dataset_meta, path=path)
            self._places.append(places_of_classes(metric, dataset_meta, path=path))

    def process(self, predictions: Sequence[Any], batch: Mapping[str, Any]) -> None:
        """Take the data samples of one batch with their predictions."""
        for evaluator, places in zip(self._evaluators, self._places, strict=True):
            samples: Sequence[Any] = predictions
            if places is not None:
                samples = [renumbered(sample, places) for sample in predictions]
            evaluator.process(data_samples=samples, data_batch=batch)

    def evaluate(self, num_samples: int) -> dict[str, float]:
        """Metrics over all processes, ``<task>/<metric>``, those that could be measured.

        Args:
            num_samples: Length of the data set; padding samples of uneven shards are dropped.
        """
        found: dict[str, float] = {}
        self.unmeasured = set()
        for metric, evaluator in zip(self.metrics, self._evaluators, strict=True):
            with results_may_be_empty(), fast_coco():
                values = evaluator.evaluate(num_samples)
            for key, value in values.items():
                if np.ndim(value) or isinstance(value, str):
                    continue
                word = metric_name(key)
                name = f"{self.task}/{word}"
                if _is_measured(float(value), metric):
                    found[name] = float(value) * to_fraction(metric, word)
                else:
                    self.unmeasured.add(name)
        self.absent = [absence.text for absence in self._absences if absence.text]
        return found


def _check_packages(metrics: Sequence[Any], task: str) -> None:
    """Refuse a metric without the package that it computes with, before the first evaluation."""
    for metric in metrics:
        names = {base.__name__ for base in type(metric).__mro__}
        if _FASTER_COCO in names and importlib.util.find_spec("faster_coco_eval") is None:
            raise ConfigError(
                f"tasks[{task!r}].metrics: {_FASTER_COCO} needs the package faster-coco-eval: pip "
                "install faster-coco-eval, or take CocoMetric, which gives the same numbers."
            )


def _is_measured(value: float, metric: Any) -> bool:
    nothing = _is_of(metric, _COCO_LIBRARIES) and value == _COCO_NOTHING_TO_MEASURE
    return math.isfinite(value) and not nothing


def _is_of(metric: Any, libraries: Sequence[str]) -> bool:
    """Whether a metric is of one of some libraries, or derived from one of theirs."""
    return any(base.__module__.split(".")[0] in libraries for base in type(metric).__mro__)


def metric_name(name: str) -> str:
    """A library's metric name without its prefix, as one word.

    ``coco/AP .5`` becomes ``AP_50``, ``coco/AP (M)`` becomes ``AP_M``, ``accuracy/top1`` ``top1``.
    """
    word = name.rsplit("/", 1)[-1]
    word = re.sub(r" \.(\d+)$", lambda match: f"_{match[1]:0<2}", word)
    return re.sub(r"[^\w.]+", "_", word).strip("_")


def mean_relative_gain(
    metrics: Mapping[str, float], baseline: Mapping[str, float], *, lower_is_better: Sequence[str]
) -> float:
    """Mean over tasks of the relative gain over a baseline (Maninis et al., CVPR 2019, eq. 4).

    Args:
        metrics: Measured values, ``<task>/<metric>``.
        baseline: Reference values of some of them; each counts equally.
        lower_is_better: Names whose sign is turned.

    Raises:
        ConfigError: If the baseline is empty, zero, or names a metric that was not measured.
    """
    if not baseline:
        raise ConfigError("baseline is empty: name at least one '<task>/<metric>' with its value.")
    gains = []
    for name, reference in baseline.items():
        if name not in metrics:
            raise ConfigError(
                f"baseline names {name!r}, which was not measured. Measured: {sorted(metrics)}."
            )
        if reference == 0:
            raise ConfigError(f"baseline[{name!r}] is 0, so no relative gain over it exists.")
        sign = -1.0 if name in lower_is_better else 1.0
        gains.append(sign * (metrics[name] - reference) / reference)
    return float(np.mean(gains))
