"""Saliency: the F-measure over thresholds in three protocols, class-mean F and absolute error."""

import logging
from collections.abc import Mapping
from typing import Any

import numpy as np
from mmengine.logging import print_log

from argus.errors import DataError
from argus.evaluation.metrics.saliency_image import (
    NUM_LEVELS,
    as_toolboxes_read,
    count_at_least,
    enhanced_alignment,
    precision_recall,
    structure_measure,
)
from argus.evaluation.metrics.sample_maps import binary_label_and_probability
from argus.evaluation.metrics.streaming import State, StreamingMetric
from argus.names.wording import counted
from argus.registry import METRICS

THRESHOLDS = np.arange(1, 20) / 20  # 0.05, 0.1 to 0.95
BETA_SQUARED = 0.3


@METRICS.register_module()
class SaliencyMetric(StreamingMetric):
    """F-measures of salient pixels, over the valid pixels of every image.

    Three protocols of maxF, all with beta^2 = 0.3 and the best threshold for the whole data set (a
    pixel is salient if its value is at least the threshold). The first two count the pixels of all
    images together, at 0.05, 0.10 to 0.95:

    - ``maxF``: thresholds on the predicted probability, as ASTMT defines it.
    - ``maxF_sigmoid``: thresholds on the sigmoid of the probability, as InvPT's code evaluates. It
      lies in [0.5, 0.73], so that only five thresholds matter: all pixels are salient up to 0.5,
      and 0.55, 0.6, 0.65 and 0.7 are probabilities of 0.20, 0.41, 0.62 and 0.85.
    - ``maxF_image``: as papers on saliency alone report it. The map is rounded to 8 bits, as in a
      PNG file, and divided by its largest value; precision and recall are those of each image at
      1/255, 2/255 to 1, then their means over images, of which F is taken. They are 0 where nothing
      is found or nothing is there; the field's toolboxes differ in such images.

    Beside it, from the same maps, ``S_measure``, ``E_max`` and ``E_mean``, the best and the mean of
    the E-measure over the levels 0, 1/255 to 1, all means over images.

    Also ``mF``, the mean over background and salient of F with beta = 1 at a probability above 0.5
    (the class-mean ``mFscore`` of mmseg), and ``MAE``, the mean absolute difference between
    probability and label per image, then over images (toolboxes stretch each map to [0, 1] before);
    ``skipped_images``, those without a valid pixel.
    """

    def empty(self) -> State:
        """Positives of both classes by threshold; sums over images of their own measures."""
        return {
            "found": np.zeros((2, len(THRESHOLDS)), np.int64),
            "found_sigmoid": np.zeros((2, len(THRESHOLDS)), np.int64),
            "precision": np.zeros(NUM_LEVELS),
            "recall": np.zeros(NUM_LEVELS),
            "alignment": np.zeros(NUM_LEVELS),
            "structure": np.zeros(()),
            "confusion": np.zeros((2, 2), np.int64),
            "absolute": np.zeros(()),
            "images": np.zeros((), np.int64),
            "skipped": np.zeros((), np.int64),
        }

    def update(self, sample: Mapping[str, Any]) -> None:
        """Add an image; one without label is left out.

        Args:
            sample: ``gt_saliency`` (1, H, W), 255 ignored; ``pred_saliency`` (1, H, W).

        Raises:
            DataError: See :func:`binary_label_and_probability`.
        """
        pair = binary_label_and_probability(sample, "saliency")
        if pair is None:
            return
        valid = pair[0][0] != 255
        label, probability = pair[0][0][valid].astype(np.int64), pair[1][valid]
        if not len(label):
            self.state["skipped"] += 1
            return
        self.state["found"] += positives(probability, label)
        self.state["found_sigmoid"] += positives(1 / (1 + np.exp(-probability)), label)
        self._add_image(pair[1], pair[0][0])
        predicted = probability > 0.5
        self.state["confusion"] += np.bincount(2 * label + predicted, minlength=4).reshape(2, 2)
        self.state["absolute"] += np.abs(probability - label).mean()
        self.state["images"] += 1

    def _add_image(self, probability: np.ndarray, label: np.ndarray) -> None:
        valid = label != 255
        values, levels = as_toolboxes_read(np.where(valid, probability, 0))
        counts = count_at_least(levels[valid], label[valid].astype(np.int64), num_levels=NUM_LEVELS)
        precision, recall = precision_recall(counts)
        self.state["precision"] += precision
        self.state["recall"] += recall
        self.state["alignment"] += enhanced_alignment(counts)
        self.state["structure"] += structure_measure(values, label)

    def compute(self, state: State) -> dict[str, float]:
        """Metrics by name.

        Raises:
            DataError: If no image has a valid pixel.
        """
        images, skipped = int(state["images"]), int(state["skipped"])
        if not images:
            raise DataError(
                "expected 0 and 1 in gt_saliency, found no valid pixel in "
                f"{counted(skipped, 'image')} with a label. Does the data set give saliency_path?"
            )
        if skipped:
            text = (
                f"SaliencyMetric: {skipped} of {counted(images + skipped, 'image')} have no valid "
                "pixel."
            )
            print_log(text, "current", logging.WARNING)
        confusion = state["confusion"]  # [label, prediction]
        of_class = f_measure(
            confusion.diagonal(), confusion.sum(axis=0), confusion.sum(axis=1), beta_squared=1.0
        )
        return {
            "maxF": _best_f(state["found"], confusion),
            "maxF_sigmoid": _best_f(state["found_sigmoid"], confusion),
            "maxF_image": _best_f_of_means(state["precision"] / images, state["recall"] / images),
            "S_measure": float(state["structure"] / images),
            "E_max": float(state["alignment"].max() / images),
            "E_mean": float(state["alignment"].mean() / images),
            "mF": float(of_class.mean()),
            "MAE": float(state["absolute"] / images),
            "skipped_images": float(skipped),
        }


def positives(values: np.ndarray, label: np.ndarray) -> np.ndarray:
    """Count pixels at or above each threshold.

    Args:
        values: (N,).
        label: (N,) int, 0 or 1.

    Returns:
        (2, thresholds) int, of each class.
    """
    passed = np.searchsorted(THRESHOLDS, values, side="right")  # how many thresholds
    return count_at_least(passed, label, num_levels=len(THRESHOLDS) + 1)[:, 1:]


def f_measure(
    true_positives: np.ndarray,
    predicted: np.ndarray,
    labelled: np.ndarray,
    *,
    beta_squared: float,
) -> np.ndarray:
    """(1 + b) P R / (b P + R) from counts; 0 where nothing is right, also where nothing is there.

    Args:
        true_positives: Counts of any shape.
        predicted: True and false positives.
        labelled: True positives and false negatives.
        beta_squared: Weight b of recall.
    """
    # The same as a share of right and weighted wrong ones: exactly 1 if nothing is wrong.
    right = np.asarray(true_positives, np.float64)
    wrong = (beta_squared * (labelled - right) + (predicted - right)) / (1 + beta_squared)
    return np.divide(right, right + wrong, out=np.zeros_like(right), where=right > 0)


def _best_f(found: np.ndarray, confusion: np.ndarray) -> float:
    labelled = np.full(len(THRESHOLDS), confusion[1].sum())
    f = f_measure(found[1], found.sum(axis=0), labelled, beta_squared=BETA_SQUARED)
    return float(f.max())


def _best_f_of_means(precision: np.ndarray, recall: np.ndarray) -> float:
    weighted = BETA_SQUARED * precision + recall
    f = (1 + BETA_SQUARED) * precision * recall / np.where(weighted > 0, weighted, 1)
    return float(f[1:].max())  # at level 0 all pixels are salient
