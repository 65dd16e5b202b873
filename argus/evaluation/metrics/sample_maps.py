"""The maps of a data sample as arrays, checked."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from argus.errors import DataError
from argus.names.wording import counted


def image_name(sample: Mapping[str, Any]) -> str:
    """How messages call the image."""
    return str(sample.get("img_path", "an image without img_path"))


def label_and_prediction(
    sample: Mapping[str, Any], field: str
) -> tuple[np.ndarray, np.ndarray] | None:
    """The maps ``gt_<field>`` and ``pred_<field>``; None if the image has no such label.

    Args:
        sample: A data sample as a dict.
        field: E.g. ``depth``.

    Returns:
        Label and prediction, (C, H, W) each; the prediction is float64.

    Raises:
        DataError: If there is no prediction, the sizes differ, or a value is not finite.
    """
    label, prediction = sample.get(f"gt_{field}"), sample.get(f"pred_{field}")
    if label is None:
        return None
    name = image_name(sample)
    if prediction is None:
        raise DataError(
            f"{name}: expected a prediction pred_{field}, found {sorted(sample)}. Does the task's "
            "decoder predict it?"
        )
    expected, found = _array(label), _array(prediction).astype(np.float64)
    if expected.shape[-2:] != found.shape[-2:] or expected.ndim != 3 or found.ndim != 3:
        raise DataError(
            f"{name}: expected pred_{field} of the label's size {expected.shape}, found "
            f"{found.shape}. Both have to be (C, H, W) of the original image."
        )
    for kind, values in (("pred", found), ("gt", expected)):
        if not np.isfinite(values).all():
            count = np.count_nonzero(~np.isfinite(values))
            raise DataError(
                f"{name}: {kind}_{field} is NaN or infinite in {counted(count, 'value')} of "
                f"{values.size}. Has the training diverged, or is a label corrupt?"
            )
    return expected, found


def binary_label_and_probability(
    sample: Mapping[str, Any], field: str
) -> tuple[np.ndarray, np.ndarray] | None:
    """As :func:`label_and_prediction`, for labels 0, 1, 255 (ignored) and a probability.

    Returns:
        Label (C, H, W) uint8 and probability (H, W) in [0, 1].

    Raises:
        DataError: Also if a value is outside these ranges.
    """
    pair = label_and_prediction(sample, field)
    if pair is None:
        return None
    label, prediction = pair
    if not np.isin(label, (0, 1, 255)).all():
        raise DataError(
            f"{image_name(sample)}: expected 0, 1 and 255 (ignored) in gt_{field}, found "
            f"{np.unique(label)[:8].tolist()}. Masks of 0 and 255 have to be divided by 255."
        )
    low, high = float(prediction.min()), float(prediction.max())
    if prediction.shape[0] != 1 or low < -1e-4 or high > 1 + 1e-4:  # rounding is no mistake
        raise DataError(
            f"{image_name(sample)}: expected pred_{field} (1, H, W) with probabilities in [0, 1], "
            f"found {prediction.shape} from {low:.4g} to {high:.4g}. Are these logits?"
        )
    return label.astype(np.uint8), prediction[0].clip(0, 1)


def _array(field: Mapping[str, Any]) -> np.ndarray:
    data = field["data"]
    array: np.ndarray = data if isinstance(data, np.ndarray) else data.detach().cpu().numpy()
    return array
