"""Metrics of the libraries that give 0 where the truth has nothing to compare with.

mmpose's PCK, AUC, EPE and NME of keypoints none of which is labelled, mmdet's VOC AP without an
object, mmpretrain's multi-label metrics without a label: for an error 0 is the best of all values.
Other metrics say NaN or -1 there.
"""

from collections.abc import Callable
from typing import Any

import numpy as np


def mark_without_truth(metric: Any) -> None:
    """Let such a metric return NaN for every number; other metrics are left as they are.

    Args:
        metric: Any metric, changed in place.
    """
    has_truth = next(
        (
            _HAS_TRUTH[key]
            for base in type(metric).__mro__
            if (key := (base.__module__.split(".")[0], base.__name__)) in _HAS_TRUTH
        ),
        None,
    )
    if has_truth is None:
        return
    compute = metric.compute_metrics

    def marked(results: list[Any]) -> Any:
        values = compute(results)
        if any(map(has_truth, results)):
            return values
        return {k: v if np.ndim(v) or isinstance(v, str) else np.nan for k, v in values.items()}

    metric.compute_metrics = marked


def _labelled_keypoints(result: Any) -> bool:
    return bool(np.any(result["mask"]))


def _objects(result: Any) -> bool:
    return len(result[0]["labels"]) > 0


def _labels(result: Any) -> bool:
    return bool(result["gt_score"].any())


_HAS_TRUTH: dict[tuple[str, str], Callable[[Any], bool]] = {
    **{("mmpose", name): _labelled_keypoints for name in ("PCKAccuracy", "AUC", "EPE", "NME")},
    ("mmdet", "VOCMetric"): _objects,
    **{("mmpretrain", name): _labels for name in ("AveragePrecision", "MultiLabelMetric")},
}
