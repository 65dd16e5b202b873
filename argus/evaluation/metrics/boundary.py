"""Boundary detection: F-measures of the Berkeley benchmark (odsF, oisF, AP)."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from argus.errors import ConfigError, DataError
from argus.evaluation.boundary.matching import MaximumMatching, pixels_within
from argus.evaluation.boundary.suppression import ridges
from argus.evaluation.boundary.thinning import ThinMaps, thin, thin_levels
from argus.evaluation.metrics.sample_maps import binary_label_and_probability
from argus.evaluation.metrics.streaming import State, StreamingMetric
from argus.names.wording import counted
from argus.registry import METRICS

NUM_THRESHOLDS = 99


@METRICS.register_module()
class BoundaryMetric(StreamingMetric):
    """Precision and recall of boundary pixels, each matched with at most one labelled pixel.

    The protocol is that of SEISM (https://github.com/jponttuset/seism), with which ATRC, InvPT and
    their followers evaluate NYUv2 and PASCAL-Context; it descends from the BSDS benchmark (Martin
    et al., PAMI 2004):

    1. The probability is rounded to 8 bits (as in a PNG file), non-maxima are suppressed, and what
       is left fades towards the border of the image.
    2. The label is thinned; at each threshold k/100, k from 1 to 99, so is the map of pixels above.
       (SEISM's list begins with 0.001 and ends with 0.999, which only its AP notices.)
    3. Pixels of both are matched one to one within a tolerance, as many as possible. The
       benchmark's matching also has the least total distance, which makes no difference to the
       counts of one annotation. With several, a predicted pixel is correct if it is matched in any
       of them, and precision depends a little on which of the maximum matchings is found.

    A binary label as the prediction has precision and recall 1 (with ``border`` 0). Labels are
    boundary maps here; SEISM takes label files as segmentations and traces their borders first.

    Names: ``odsF``, the best F over the thresholds with counts summed over images; ``oisF``, with
    the counts at each image's own best threshold (the lowest of equals); ``AP``, the area below
    precision over recall as the BSDS benchmark has it, see :func:`average_precision`.

    Args:
        tolerance: Largest distance of a match as a fraction of the image's diagonal: 0.011 for
            NYUv2, 0.0075 for PASCAL-Context and BSDS.
        suppress: Whether to suppress non-maxima.
        border: Width in pixels of a frame in which probabilities fade linearly to 0 after
            suppression, at most half of the image. 5 in SEISM, and so in the published numbers of
            NYUv2 and PASCAL-Context; 0 keeps all, as the BSDS benchmark does.

    Raises:
        ConfigError: If an argument is out of range.
    """

    def __init__(self, tolerance: float = 0.011, *, suppress: bool = True, border: int = 0) -> None:
        if not 0 <= tolerance < 1:
            raise ConfigError(
                f"tolerance: expected a fraction of the diagonal in [0, 1), found {tolerance}."
            )
        if border < 0:
            raise ConfigError(f"border: expected 0 or more pixels, found {border}.")
        super().__init__()
        self.tolerance = tolerance
        self.suppress = suppress
        self.border = border

    def empty(self) -> State:
        """Counts (matched labels, labels, matched predictions, predictions)."""
        return {
            "counts": np.zeros((4, NUM_THRESHOLDS), np.int64),
            "best_counts": np.zeros(4, np.int64),
            "images": np.zeros((), np.int64),
        }

    def update(self, sample: Mapping[str, Any]) -> None:
        """Add an image; one without label is skipped.

        Args:
            sample: ``gt_boundary`` (A, H, W), A annotations, mostly 1; ``pred_boundary`` (1, H, W).

        Raises:
            DataError: See :func:`binary_label_and_probability`.
        """
        pair = binary_label_and_probability(sample, "boundary")
        if pair is None:
            return
        labels, probability = pair
        levels = self._levels(probability)
        levels[(labels == 255).any(axis=0)] = 0
        counts = count_matches(
            thin_levels(levels, NUM_THRESHOLDS),
            [thin(label == 1) for label in labels],
            self.tolerance * float(np.hypot(*probability.shape)),
        )
        best = int(np.argmax(f_measure(counts)))
        self.state["counts"] += counts
        self.state["best_counts"] += counts[:, best]
        self.state["images"] += 1

    def compute(self, state: State) -> dict[str, float]:
        """``odsF``, ``oisF`` and ``AP``.

        Raises:
            DataError: If no image has a boundary.
        """
        if not state["counts"][1].any():
            raise DataError(
                "expected boundary pixels in the labels, found none in "
                f"{counted(int(state['images']), 'image')} with a label. Does the data set give "
                "boundary_path?"
            )
        return {
            "odsF": float(f_measure(state["counts"]).max()),
            "oisF": float(f_measure(state["best_counts"][:, None])[0]),
            "AP": average_precision(state["counts"]),
        }

    def _levels(self, probability: np.ndarray) -> np.ndarray:
        """(H, W) int, how many of the thresholds a pixel is above."""
        strength = np.rint(probability * 255).astype(np.int64)
        border = min(self.border, *(size // 2 for size in strength.shape))
        # Integers: 255 * k/100 is compared exactly.
        weighted, scale = 100 * strength, 255
        if border:
            fades = (_fade(size, border) for size in strength.shape)
            weighted *= np.multiply.outer(*fades)
            scale *= border**2
        levels = np.maximum((weighted - 1) // scale, 0)
        if self.suppress and min(strength.shape) > 1:
            levels[~ridges((strength / 255).astype(np.float32), levels > 0)] = 0
        return levels


def count_matches(predictions: ThinMaps, labels: list[np.ndarray], distance: float) -> np.ndarray:
    """Pixels and matched pixels at every threshold.

    Args:
        predictions: T maps.
        labels: (H, W) bool each, by annotator.
        distance: Largest distance of a match in pixels.

    Returns:
        (4, T) int: matched labels, labels, matched predictions, predictions.
    """
    any_on = np.zeros(labels[0].shape, bool)
    any_on.ravel()[predictions.pixels] = True
    num_maps, num_pixels = predictions.on.shape
    correct = np.zeros(predictions.on.shape, bool)
    found = np.zeros(num_maps, np.int64)
    for label in labels:
        edges = pixels_within(any_on, label, distance)
        matching = MaximumMatching(edges, num_pixels, int(label.sum()))
        for index in range(num_maps)[::-1]:  # from few pixels to many: most matches stay
            matched = matching.update(predictions.on[index])
            correct[index] |= matched
            found[index] += np.count_nonzero(matched)
    total = np.full(num_maps, sum(int(label.sum()) for label in labels))
    return np.stack([found, total, correct.sum(axis=1), predictions.on.sum(axis=1)])


def precision_recall(counts: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """(T,) each from (4, T) counts; 0 where nothing was predicted or labelled."""
    matched_labels, labels, matched, predicted = counts
    return matched / np.maximum(predicted, 1), matched_labels / np.maximum(labels, 1)


def f_measure(counts: np.ndarray) -> np.ndarray:
    """(T,) harmonic mean of precision and recall, 0 where both are."""
    precision, recall = precision_recall(counts)
    total = precision + recall
    return np.divide(2 * precision * recall, total, out=np.zeros_like(total), where=total > 0)


def average_precision(counts: np.ndarray) -> float:
    """The area below precision over recall in the convention of the BSDS benchmark.

    The sum of the precision at recall 0, 0.01 to 1, divided by 100: interpolated linearly between
    the thresholds, of equal recalls that of the lowest one, and 0 below the lowest recall and above
    the highest. So a prediction whose highest threshold still finds much loses the area before it,
    and one with the same recall at all thresholds, as a binary map, has 0.
    """
    precision, recall = precision_recall(counts)
    levels, lowest = np.unique(recall, return_index=True)
    if len(levels) < 2:
        return 0.0
    steps = np.interp(np.linspace(0, 1, 101), levels, precision[lowest], left=0.0, right=0.0)
    return float(steps.sum() / 100)


def _fade(size: int, border: int) -> np.ndarray:
    """(size,) distance to the nearest end, at most ``border``."""
    position = np.arange(size)
    return np.minimum(np.minimum(position, size - 1 - position), border)
