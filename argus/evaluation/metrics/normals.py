"""Surface normals: angular errors."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from argus.errors import DataError
from argus.evaluation.metrics.sample_maps import image_name, label_and_prediction
from argus.evaluation.metrics.streaming import State, StreamingMetric
from argus.names.wording import counted
from argus.registry import METRICS

BIN_DEGREES = 1e-3
NUM_BINS = 180_000
WITHIN = {"within_11_25": 11.25, "within_22_5": 22.5, "within_30": 30.0}


@METRICS.register_module()
class NormalsMetric(StreamingMetric):
    """Angle between predicted and true normals, over the valid pixels of all images together.

    As in ATRC and InvPT: both vectors are normalised, and the angle is
    ``2 atan2(|p - g|, |p + g|)``, which is exact for small and for opposite angles, where the arc
    cosine is not. Pixels whose label is the zero vector do not count; where the prediction is the
    zero vector, the angle is 90 degrees.

    Names: ``mErr``, ``median`` and ``rmse`` in degrees; ``within_11_25``, ``within_22_5`` and
    ``within_30``, the share of pixels whose angle is below so many degrees. The median comes from
    a histogram and is within 0.0005 degrees of the exact one.
    """

    def empty(self) -> State:
        """Sums over pixels, and the histogram of angles."""
        return {
            "total": np.zeros(()),
            "squares": np.zeros(()),
            "within": np.zeros(len(WITHIN), np.int64),
            "histogram": np.zeros(NUM_BINS, np.int64),
            "images": np.zeros((), np.int64),
        }

    def update(self, sample: Mapping[str, Any]) -> None:
        """Add an image; one without label is skipped.

        Args:
            sample: ``gt_normals`` and ``pred_normals``, (3, H, W) each.

        Raises:
            DataError: If a map is missing, not finite, or not of three channels.
        """
        pair = label_and_prediction(sample, "normals")
        if pair is None:
            return
        label, prediction = pair[0].astype(np.float64), pair[1]
        if label.shape[0] != 3 or prediction.shape[0] != 3:
            raise DataError(
                f"{image_name(sample)}: expected normals (3, H, W), found a label {label.shape} "
                f"and a prediction {prediction.shape}."
            )
        valid = label.any(axis=0)
        angles = angular_errors(prediction[:, valid], label[:, valid])
        self.state["total"] += angles.sum()
        self.state["squares"] += np.square(angles).sum()
        self.state["within"] += [np.count_nonzero(angles < limit) for limit in WITHIN.values()]
        bins = np.minimum((angles / BIN_DEGREES).astype(np.int64), NUM_BINS - 1)
        self.state["histogram"] += np.bincount(bins, minlength=NUM_BINS)
        self.state["images"] += 1

    def compute(self, state: State) -> dict[str, float]:
        """Metrics by name.

        Raises:
            DataError: If no pixel of any image has a label.
        """
        up_to = np.cumsum(state["histogram"])
        count = int(up_to[-1])
        if not count:
            raise DataError(
                "expected unit vectors in gt_normals, found zero vectors alone (unknown) in "
                f"{counted(int(state['images']), 'image')} with a label. Does the data set give "
                "normal_path?"
            )
        middle = np.searchsorted(up_to, [(count - 1) // 2, count // 2], side="right")
        found = {
            "mErr": float(state["total"] / count),
            "median": float((middle.mean() + 0.5) * BIN_DEGREES),
            "rmse": float(np.sqrt(state["squares"] / count)),
        }
        return found | dict(zip(WITHIN, (state["within"] / count).tolist(), strict=True))


def angular_errors(prediction: np.ndarray, label: np.ndarray) -> np.ndarray:
    """Angles between vectors in degrees.

    Args:
        prediction: (3, N), of any length; the zero vector is at 90 degrees to all.
        label: (3, N), not zero.

    Returns:
        (N,) in [0, 180].
    """
    p, g = _normalised(prediction), _normalised(label)
    apart, together = np.linalg.norm(p - g, axis=0), np.linalg.norm(p + g, axis=0)
    angles: np.ndarray = np.degrees(2 * np.arctan2(apart, together))
    return angles


def _normalised(vectors: np.ndarray) -> np.ndarray:
    largest = np.abs(vectors).max(axis=0, initial=0.0)  # so that no square under- or overflows
    vectors = vectors / np.where(largest > 0, largest, 1.0)
    length = np.linalg.norm(vectors, axis=0)
    result: np.ndarray = vectors / np.where(length > 0, length, 1.0)
    return result
