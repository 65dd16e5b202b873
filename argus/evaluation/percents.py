"""Which metrics of the libraries report percents; others give fractions, or numbers with a unit.

No library is of one mind: mmseg's IoU is in percent and its depth in metres, mmdet's AP is a
fraction and its panoptic quality in percent.
"""

from typing import Any

_IN_PERCENT = {
    "mmseg": {"IoUMetric"},
    "mmdet": {"CocoPanopticMetric", "RefSegMetric", "SemSegMetric"},
    "mmpretrain": {
        *("Accuracy", "AveragePrecision", "MultiLabelMetric", "MultiTasksMetric"),
        *("RetrievalAveragePrecision", "RetrievalRecall", "SingleLabelMetric", "VQAAcc"),
    },
}
_COUNT = "support"  # of the samples of a class, beside precision and recall


def to_fraction(metric: Any, name: str) -> float:
    """What a value of a metric is multiplied with to be a fraction in [0, 1].

    Args:
        metric: Of a library, or derived from one of its metrics.
        name: Of the value, as :func:`~argus.evaluation.evaluator.metric_name` gives it.

    Returns:
        0.01 for percents, 1 for all else.
    """
    in_percent = any(
        base.__name__ in _IN_PERCENT.get(base.__module__.split(".")[0], ())
        for base in type(metric).__mro__
    )
    return 0.01 if in_percent and not name.startswith(_COUNT) else 1.0
