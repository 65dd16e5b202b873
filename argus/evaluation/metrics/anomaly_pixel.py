"""Pixel metrics of anomaly detection: AUROC over pixels, and per-region overlap (PRO).

Source: "The MVTec Anomaly Detection Dataset" (Bergmann et al., IJCV 2021, section 5.2): at every
threshold PRO is the share of a defective region that is found, averaged over all regions, and the
curve of PRO over the false positive rate is integrated up to a rate of 0.3 and divided by it.

What was changed: scores are counted in bins of 1/2048 of their size, so that memory does not grow
with the pixels. A bin is one threshold, and its positives and negatives are ties.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from mmengine.logging import MMLogger
from scipy import ndimage

from argus.errors import DataError
from argus.evaluation.metrics.auroc import histogram_auroc, tied_share
from argus.evaluation.metrics.score_bins import NUM_BINS, score_bins
from argus.evaluation.metrics.streaming import State, StreamingMetric
from argus.registry import METRICS

_EIGHT_NEIGHBOURS = np.ones((3, 3), int)
_MAX_TIED = 0.02  # an AUROC that may be wrong by 0.01 is worth a warning


@METRICS.register_module()
class AnomalyPixelMetric(StreamingMetric):
    """``P_AUROC`` and ``PRO``, means over the categories, and those of every category; in [0, 1].

    Both are of all pixels of a category's test pictures, good and defective, at the original size.
    Regions are the 8-connected components of a mask. Against exact thresholds the error is about
    1e-4, and 1e-3 for probabilities that crowd just below 1; where more pairs fall into one bin, as
    with a nearly constant map, a warning says so.

    State, by category: ``negatives`` and ``positives`` count pixels per bin of the score;
    ``regions`` adds 1 / size for every pixel of a region; ``num_regions`` counts regions.

    Args:
        categories: Names.
        max_fpr: Limit of the integral of PRO.
        central_share: Share of the height and of the width around the centre that is compared. With
            a centre crop in the pipeline, what lies outside was not looked at.
    """

    default_prefix = "anomaly"

    def __init__(
        self, categories: Sequence[str], *, max_fpr: float = 0.3, central_share: float = 1.0
    ) -> None:
        assert 0 < max_fpr <= 1 and 0 < central_share <= 1, (max_fpr, central_share)
        self.categories = tuple(categories)
        self.max_fpr = max_fpr
        self.central_share = central_share
        super().__init__()

    def empty(self) -> State:
        """No pixel yet."""
        count = len(self.categories)
        return dict(
            negatives=np.zeros((count, NUM_BINS), np.int64),
            positives=np.zeros((count, NUM_BINS), np.int64),
            regions=np.zeros((count, NUM_BINS)),
            num_regions=np.zeros(count, np.int64),
        )

    def update(self, sample: Mapping[str, Any]) -> None:
        """Count the pixels of one picture.

        Raises:
            DataError: Its category is unknown, the sizes differ, or a score is no number.
        """
        if sample["category"] not in self.categories:
            raise DataError(
                f"{sample.get('img_path')}: category {sample['category']!r} is none of "
                f"AnomalyPixelMetric.categories, {self.categories}."
            )
        row = self.categories.index(sample["category"])
        scores = _plane(sample["pred_anomaly_map"])
        mask = _plane(sample["gt_anomaly_map"]).astype(bool)
        if scores.shape != mask.shape:
            raise DataError(
                f"{sample.get('img_path')}: the predicted anomaly map is {scores.shape} (height, "
                f"width), the mask {mask.shape}. Load the mask after resizing in the evaluation "
                "pipeline, so that it keeps the original size."
            )
        if np.isnan(scores).any():
            raise DataError(f"{sample.get('img_path')}: the predicted anomaly map holds NaN.")
        bins, mask = self._centre(score_bins(scores)), self._centre(mask)
        self.state["negatives"][row] += np.bincount(bins[~mask], minlength=NUM_BINS)
        if not mask.any():
            return
        inside = bins[mask]
        self.state["positives"][row] += np.bincount(inside, minlength=NUM_BINS)
        labels, count = ndimage.label(mask, structure=_EIGHT_NEIGHBOURS)
        region = labels[mask]
        share = 1.0 / np.bincount(region)[region]
        self.state["regions"][row] += np.bincount(inside, weights=share, minlength=NUM_BINS)
        self.state["num_regions"][row] += count

    def compute(self, state: State) -> dict[str, float]:
        """P_AUROC and PRO.

        Raises:
            DataError: No category has both defective and good pixels.
        """
        found: dict[str, dict[str, float]] = {"P_AUROC": {}, "PRO": {}}
        for row, category in enumerate(self.categories):
            negatives, positives = state["negatives"][row], state["positives"][row]
            if not negatives.any() or not positives.any():
                reason = "no picture" if not negatives.any() else "no defective pixel"
                MMLogger.get_current_instance().warning(
                    f"P_AUROC and PRO of category {category!r} are left out: {reason} was seen."
                )
                continue
            tied = tied_share(positives, negatives)
            if tied > _MAX_TIED:
                MMLogger.get_current_instance().warning(
                    f"P_AUROC of category {category!r} is uncertain by up to {tied / 2:.3f}: its "
                    "scores differ by less than 1/2048 of their size. Is the map constant, or is a "
                    "large constant added to it?"
                )
            found["P_AUROC"][category] = histogram_auroc(positives, negatives)
            found["PRO"][category] = pro_area(
                state["regions"][row] / state["num_regions"][row], negatives, self.max_fpr
            )
        if not found["PRO"]:
            raise DataError(
                f"P_AUROC and PRO need defective and good pixels, but none of the categories "
                f"{self.categories} has both. Evaluate on the test split, and all of it."
            )
        means = {name: float(np.mean(list(values.values()))) for name, values in found.items()}
        return means | {
            f"{name}_{category}": value
            for name, values in found.items()
            for category, value in values.items()
        }

    def _centre(self, plane: np.ndarray) -> np.ndarray:
        height, width = (round(side * self.central_share) for side in plane.shape)
        top, left = (plane.shape[0] - height) // 2, (plane.shape[1] - width) // 2
        return plane[top : top + height, left : left + width]


def pro_area(overlaps: np.ndarray, negatives: np.ndarray, max_fpr: float) -> float:
    """Normalised area under the curve of mean region overlap over false positive rate.

    Args:
        overlaps: (B,) mean over the regions of their share in every bin of the score, ascending.
        negatives: (B,) flawless pixels in every bin.
        max_fpr: Where the integral ends; the curve is linear between thresholds.
    """
    rate = np.concatenate([[0.0], np.cumsum(negatives[::-1]) / negatives.sum()])
    overlap = np.concatenate([[0.0], np.cumsum(overlaps[::-1])])
    last = np.searchsorted(rate, max_fpr, side="right")
    end = np.interp(max_fpr, rate, overlap) if last < len(rate) else overlap[-1]
    x = np.append(rate[:last], max_fpr)
    y = np.append(overlap[:last], end)
    return float(np.trapezoid(y, x) / max_fpr)


def _plane(field: Mapping[str, Any]) -> np.ndarray:
    """The data (1, H, W) of a pixel field as (H, W) on the host."""
    return np.asarray(field["data"].detach().cpu().numpy()[0])
