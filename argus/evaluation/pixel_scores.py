"""mmseg's ``IoUMetric`` and mmdet's ``SemSegMetric`` where they divide by nothing, or too early.

Their F-score is made of precision and recall, and is no number for a class without a true positive:
one that is never predicted, or never rightly. The mean leaves it out, so that a model which misses
a class altogether scores as if the class were not there. Here the F-score is made of the pixels
that were counted, as their IoU and Dice are; for a weight of 1 it is Dice. ``SemSegMetric`` gives
the mean of the accuracies of the classes under the name of the accuracy of all pixels.
"""

from collections.abc import Mapping
from typing import Any

import numpy as np
import torch
from torch import Tensor


def count_missed_classes(metric: Any) -> None:
    """Let such a metric count a class that it never finds as 0; others are left as they are.

    Args:
        metric: Any metric, changed in place.
    """
    kinds = {(base.__module__.split(".")[0], base.__name__) for base in type(metric).__mro__}
    if ("mmseg", "IoUMetric") in kinds:
        _mend_iou_metric(metric)
    elif ("mmdet", "SemSegMetric") in kinds:
        _mend_sem_seg_metric(metric)


def _mend_iou_metric(metric: Any) -> None:
    measure = metric.total_area_to_metrics

    def measured(
        intersect: Tensor,
        union: Tensor,
        predicted: Tensor,
        truth: Tensor,
        metrics: Any = ("mIoU",),
        nan_to_num: float | None = None,
        beta: float = 1,
    ) -> dict[str, Any]:
        values = dict(measure(intersect, union, predicted, truth, metrics, None, beta))
        values |= _scores(values, intersect, predicted, truth, beta)
        if nan_to_num is None:
            return values
        return {name: np.nan_to_num(value, nan=nan_to_num) for name, value in values.items()}

    metric.total_area_to_metrics = measured


def _mend_sem_seg_metric(metric: Any) -> None:
    measure = metric.get_return_metrics

    def measured(results: list[Mapping[str, Tensor]]) -> dict[str, Any]:
        intersect, predicted, truth = (
            torch.stack([result[name] for result in results]).sum(dim=0).cpu()
            for name in ("area_intersect", "area_pred_label", "area_label")
        )
        values = dict(measure(results))
        values |= _scores(values, intersect, predicted, truth, metric.beta)
        return values | {"aAcc": (intersect.sum() / truth.sum()).numpy()}

    metric.get_return_metrics = measured


def _scores(
    asked: Mapping[str, Any], intersect: Tensor, predicted: Tensor, truth: Tensor, beta: float
) -> dict[str, np.ndarray]:
    """F-score and precision of each class, if they are asked for.

    Args:
        asked: What the library measured.
        intersect: (classes,) pixels that are rightly of the class.
        predicted: (classes,) pixels that are said to be of it.
        truth: (classes,) pixels that are of it.
        beta: How much recall counts.

    Returns:
        (classes,) each; NaN for a class that is neither in the truth nor predicted.
    """
    if "Fscore" not in asked:
        return {}
    right, said, true = (area.double().numpy() for area in (intersect, predicted, truth))
    with np.errstate(invalid="ignore"):
        f_score = (1 + beta**2) * right / (beta**2 * true + said)
        precision = np.where((said == 0) & (true > 0), 0.0, right / said)
    return {"Fscore": f_score, "Precision": precision}
