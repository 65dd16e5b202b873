"""Depth: the errors and accuracies of Eigen et al. (https://arxiv.org/abs/1406.2283)."""

import logging
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from mmengine.logging import print_log

from argus.errors import ConfigError, DataError
from argus.evaluation.metrics.sample_maps import image_name, label_and_prediction
from argus.evaluation.metrics.streaming import State, StreamingMetric
from argus.names.wording import counted
from argus.registry import METRICS

EIGEN_SIZE = (480, 640)
EIGEN_CROP = ((45, 471), (41, 601))
NAMES = (
    "rmse",
    "abs_rel",
    "sq_rel",
    "rmse_log",
    "log10",
    "silog",
    "delta1",
    "delta2",
    "delta3",
)


@METRICS.register_module()
class DepthMetric(StreamingMetric):
    """Errors of metric depth over valid pixels: per image, then the mean over images.

    That is how monocular depth on the Eigen split is reported (AdaBins, DINOv2). Multitask papers
    (ATRC, InvPT) pool the pixels of all images first; ``rmse_pooled`` is their RMSE. A pixel is
    valid if its label is between the limits, both exclusive, and it is inside the crop.

    Names, with p predicted and g true: ``rmse`` (metres), ``abs_rel`` mean of abs(p - g) / g,
    ``sq_rel`` (metres) mean of (p - g)^2 / g, ``rmse_log`` (natural logarithm), ``log10`` mean of
    abs(log10 p - log10 g), ``silog`` standard deviation of log p - log g (often reported times
    100), ``delta1`` to ``delta3`` share of pixels with max(p / g, g / p) below 1.25, 1.25^2,
    1.25^3; ``rmse_pooled``; ``skipped_images``, those without a valid pixel.

    Args:
        min_depth: Metres; predictions are clipped to the limits.
        max_depth: Metres.
        crop: ``eigen`` for rows 45 to 470 and columns 41 to 600 of 480 x 640 pixels,
            ``((first row, last row + 1), (first column, last column + 1))``, or None for all.
        median_scaling: Whether to multiply each prediction by the ratio of the medians of label
            and prediction, for models without a scale.

    Raises:
        ConfigError: If an argument is out of range.
    """

    def __init__(
        self,
        min_depth: float = 1e-3,
        max_depth: float = 10.0,
        *,
        crop: str | Sequence[Sequence[int]] | None = "eigen",
        median_scaling: bool = False,
    ) -> None:
        if not 0 < min_depth < max_depth:
            raise ConfigError(
                "min_depth, max_depth: expected 0 < min_depth < max_depth in metres, found "
                f"{min_depth} and {max_depth}."
            )
        super().__init__()
        self.min_depth = min_depth
        self.max_depth = max_depth
        self.is_eigen = crop == "eigen"
        self.crop = _checked_crop(EIGEN_CROP if self.is_eigen else crop)
        self.median_scaling = median_scaling

    def empty(self) -> State:
        """Sums over images of each metric, and sums over pixels for the pooled error."""
        return {
            "per_image": np.zeros(len(NAMES)),
            "images": np.zeros((), np.int64),
            "skipped": np.zeros((), np.int64),
            "squares": np.zeros(()),
            "pixels": np.zeros((), np.int64),
        }

    def update(self, sample: Mapping[str, Any]) -> None:
        """Add an image; one without label is left out.

        Args:
            sample: ``gt_depth`` (1, H, W) metres, 0 unknown; ``pred_depth`` (1, H, W) metres.

        Raises:
            DataError: If a map is missing, not finite, of another size than the crop is for, or
                the median of the prediction cannot be scaled.
        """
        pair = label_and_prediction(sample, "depth")
        if pair is None:
            return
        label, prediction = pair[0][0].astype(np.float64), pair[1][0]
        rows, columns = self._slices(label.shape, image_name(sample))
        label, prediction = label[rows, columns], prediction[rows, columns]
        valid = (label > self.min_depth) & (label < self.max_depth)
        label, prediction = label[valid], prediction[valid]
        if not len(label):
            self.state["skipped"] += 1
            return
        if self.median_scaling:
            middle = np.median(prediction)
            if middle <= 0:
                raise DataError(
                    f"{image_name(sample)}: median_scaling expects a positive median of "
                    f"pred_depth, found {middle:.4g}."
                )
            prediction = prediction * (np.median(label) / middle)
        prediction = prediction.clip(self.min_depth, self.max_depth)
        self.state["per_image"] += depth_errors(prediction, label)
        self.state["images"] += 1
        self.state["squares"] += np.square(prediction - label).sum()
        self.state["pixels"] += len(label)

    def compute(self, state: State) -> dict[str, float]:
        """Metrics by name.

        Raises:
            DataError: If no image has a valid pixel.
        """
        images, skipped = int(state["images"]), int(state["skipped"])
        if not images:
            raise DataError(
                f"expected labels between {self.min_depth} and {self.max_depth} metres, found none "
                f"in {counted(skipped, 'image')}. Are the labels in metres, and is the crop right?"
            )
        if skipped:
            text = (
                f"DepthMetric: {skipped} of {counted(images + skipped, 'image')} have no valid "
                "pixel."
            )
            print_log(text, "current", logging.WARNING)
        found = dict(zip(NAMES, (state["per_image"] / images).tolist(), strict=True))
        found["rmse_pooled"] = float(np.sqrt(state["squares"] / state["pixels"]))
        found["skipped_images"] = float(skipped)
        return found

    def _slices(self, size: tuple[int, ...], name: str) -> tuple[slice, slice]:
        if self.crop is None:
            return slice(None), slice(None)
        if self.is_eigen and size != EIGEN_SIZE:
            raise DataError(
                f"{name}: expected {EIGEN_SIZE} (H, W) for crop='eigen', found {size}. Use "
                "crop=None for all pixels, or give rows and columns."
            )
        (top, bottom), (left, right) = self.crop
        if bottom > size[0] or right > size[1]:
            raise DataError(f"{name}: expected an image that holds {self.crop}, found {size}.")
        return slice(top, bottom), slice(left, right)


def depth_errors(prediction: np.ndarray, label: np.ndarray) -> np.ndarray:
    """The metrics of one image in the order of ``NAMES``.

    Args:
        prediction: (N,) metres, positive.
        label: (N,) metres, positive.
    """
    difference = prediction - label
    log_difference = np.log(prediction) - np.log(label)
    ratio = np.maximum(prediction / label, label / prediction)
    return np.array(
        [
            np.sqrt(np.mean(difference**2)),
            np.mean(np.abs(difference) / label),
            np.mean(difference**2 / label),
            np.sqrt(np.mean(log_difference**2)),
            np.mean(np.abs(log_difference)) / np.log(10),
            np.std(log_difference),
            *(np.mean(ratio < 1.25**power) for power in (1, 2, 3)),
        ]
    )


def _checked_crop(crop: Any) -> tuple[tuple[int, int], tuple[int, int]] | None:
    if crop is None:
        return None
    try:
        (top, bottom), (left, right) = crop
        sound = 0 <= top < bottom and 0 <= left < right
    except (TypeError, ValueError):
        sound = False
    if not sound:
        raise ConfigError(
            "crop: expected 'eigen', None or ((first row, last row + 1), (first column, "
            f"last column + 1)), found {crop!r}."
        )
    return (top, bottom), (left, right)
