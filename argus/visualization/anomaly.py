"""Pictures of anomaly detection: a heat map of the scores, the true defect outlined."""

from collections import defaultdict
from collections.abc import Iterable
from typing import Any

import numpy as np

from argus.visualization.canvas import Canvas
from argus.visualization.colormap import colorize, make_scale_bar, unit_interval
from argus.visualization.dense import (
    blend_over,
    dense_map,
    grey_copy,
    has_dense,
    note_missing,
    resize_values,
    to_picture,
)
from argus.visualization.outline import draw_outline
from argus.visualization.palette import BLUE, GREY, RGB, SKY_BLUE, VERMILION
from argus.visualization.sample_arrays import to_array
from argus.visualization.semantic import make_legend
from argus.visualization.style import Style

COLORMAP = "inferno"
BACKGROUND_BRIGHTNESS = 0.75
# The image shows through: fully where nothing is suspicious, a little where all is.
MAX_OPACITY = 0.85
OUTLINE: RGB = SKY_BLUE


def has_anomaly(sample: Any) -> bool:
    """Whether a sample speaks of defects, predicted or true."""
    return has_dense(sample, "anomaly_map") or has_dense(sample, "anomaly")


def render_anomaly(canvas: Canvas, samples: list[Any], style: Style) -> None:
    """Draw the first sample: the defect of the truth, the heat map and score of the prediction."""
    sample = samples[0]
    if f"{style.source}_anomaly" not in sample and f"{style.source}_anomaly_map" not in sample:
        note_missing(canvas, style.source)
        return
    scores = dense_map(sample, "pred", "anomaly_map") if style.source == "pred" else None
    low, high = score_range(sample)
    if scores is not None:
        draw_heat(canvas, scores[0], low, high)
    truth = dense_map(sample, "gt", "anomaly_map")
    defect = np.zeros((1, 1), bool) if truth is None else truth[0] > 0
    if defect.any():
        draw_outline(canvas, canvas.resize_labels(defect), OUTLINE)
    if style.source == "gt":
        entries = [_true_verdict(sample, bool(defect.any()))]
    else:
        entries = [_predicted_verdict(sample, low, high)]
    if defect.any():
        entries.append(("true defect", OUTLINE))
    canvas.append_below(make_legend(entries, canvas.width, canvas.font_px))
    if scores is not None:
        bar = make_scale_bar(
            "anomaly", low, high, COLORMAP, width=canvas.width, font_px=canvas.font_px
        )
        canvas.append_below(bar)


def draw_heat(canvas: Canvas, scores: np.ndarray, low: float, high: float) -> None:
    """Lay a heat map over the grey image.

    Args:
        canvas: The picture; changed.
        scores: ``(H, W)``, larger is more likely defective.
        low: Score of the first colour; there the image shows through.
        high: Score of the last colour.
    """
    resized = resize_values(canvas, scores)
    opacity = MAX_OPACITY * unit_interval(resized, low, high)
    background = grey_copy(canvas, BACKGROUND_BRIGHTNESS)
    heat = colorize(resized, low, high, COLORMAP)
    canvas.picture = to_picture(blend_over(background, heat, opacity))


def score_range(sample: Any) -> tuple[float, float]:
    """The scores that the colours span.

    The sample's meta key ``score_range`` if there is one; 0 to 1 for probabilities; else from the
    median to the largest score of the image, which makes a good image as colourful as a bad one.
    """
    shared = sample.metainfo.get("score_range")
    if shared is not None:
        return float(shared[0]), float(shared[1])
    scores = dense_map(sample, "pred", "anomaly_map")
    if scores is None or (scores.min() >= 0 and scores.max() <= 1):
        return 0.0, 1.0
    return _limits([scores])


def share_score_range(samples: Iterable[Any]) -> None:
    """Give the samples of one category one range of colours, so that pictures can be compared.

    Sets the meta key ``score_range`` of those with a predicted anomaly map. Heads give scores of
    any range, which differs between the categories.
    """
    groups: dict[Any, list[Any]] = defaultdict(list)
    for sample in samples:
        if "pred_anomaly_map" in sample:
            groups[sample.metainfo.get("category")].append(sample)
    for group in groups.values():
        limits = _limits([to_array(sample.pred_anomaly_map.data) for sample in group])
        for sample in group:
            sample.set_metainfo({"score_range": limits})


def _limits(maps: list[np.ndarray]) -> tuple[float, float]:
    """From the median, as most pixels are good and shall show the image, to the largest score."""
    scores = np.concatenate([scores.ravel() for scores in maps])
    low, high = float(np.median(scores)), float(scores.max())
    return (low, high) if high > low else (low - 0.5, high + 0.5)


def _true_verdict(sample: Any, has_defect: bool) -> tuple[str, RGB]:
    """Text of the whole image and its colour."""
    is_defective = bool(to_array(sample.gt_anomaly)) if "gt_anomaly" in sample else has_defect
    color = VERMILION if is_defective else BLUE
    return _prefix(sample) + ("defective" if is_defective else "good"), color


def _predicted_verdict(sample: Any, low: float, high: float) -> tuple[str, RGB]:
    """The score, and its colour in the heat map; whether it is high depends on the data set."""
    if "pred_anomaly" not in sample:
        return f"{_prefix(sample)}no score", GREY
    score = float(to_array(sample.pred_anomaly))
    red, green, blue = colorize(np.array([score]), low, high, COLORMAP)[0].tolist()
    return f"{_prefix(sample)}score {score:.3g}", (red, green, blue)


def _prefix(sample: Any) -> str:
    category = sample.metainfo.get("category")
    return f"{category}: " if category else ""
