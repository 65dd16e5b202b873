"""Image AUROC of anomaly detection, per category and their mean."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from mmengine.evaluator import BaseMetric
from mmengine.logging import MMLogger

from argus.errors import DataError
from argus.evaluation.metrics.auroc import auroc
from argus.names.wording import counted
from argus.registry import METRICS


@METRICS.register_module()
class AnomalyImageMetric(BaseMetric):
    """``I_AUROC``, the mean over the categories, and ``I_AUROC_<category>``; in [0, 1].

    Exact: an image leaves one score, so all of them are kept. A category of which only good or only
    defective pictures were seen has no AUROC; it is left out with a warning.

    Raises:
        DataError: At the end, if no category has both, or if a score is not finite.
    """

    default_prefix = "anomaly"

    def process(self, data_batch: Any, data_samples: Sequence[Mapping[str, Any]]) -> None:
        """Keep score, label and category of every sample."""
        for sample in data_samples:
            score = float(sample["pred_anomaly"])
            if not np.isfinite(score):
                raise DataError(
                    f"{sample.get('img_path')}: the anomaly score is {score}. The model diverged."
                )
            self.results.append((str(sample["category"]), int(sample["gt_anomaly"]), score))

    def compute_metrics(self, results: list[tuple[str, int, float]]) -> dict[str, float]:
        """AUROC of the samples of all processes."""
        by_category: dict[str, list[tuple[int, float]]] = {}
        for category, label, score in results:
            by_category.setdefault(category, []).append((label, score))
        found: dict[str, float] = {}
        for category in sorted(by_category):
            labels, scores = np.array(by_category[category], np.float64).T
            if labels.min() == labels.max():
                kind = "defective" if labels[0] else "good"
                MMLogger.get_current_instance().warning(
                    f"I_AUROC of category {category!r} is left out: all "
                    f"{counted(len(labels), 'picture')} seen are {kind}."
                )
                continue
            found[f"I_AUROC_{category}"] = auroc(scores, labels > 0)
        if not found:
            raise DataError(
                f"I_AUROC needs good and defective pictures, but none of the categories "
                f"{sorted(by_category)} has both. Evaluate on the test split, and all of it: its "
                "list begins with one kind (indices of the data set may cut it)."
            )
        return {"I_AUROC": float(np.mean(list(found.values())))} | found
