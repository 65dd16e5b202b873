"""Pictures of saliency: what stands out keeps its colours, the rest is dark."""

from typing import Any

import numpy as np

from argus.visualization.canvas import Canvas
from argus.visualization.dense import (
    blend_over,
    grey_copy,
    has_dense,
    note_missing,
    probability_map,
    to_picture,
)
from argus.visualization.outline import draw_outline
from argus.visualization.palette import UNKNOWN, YELLOW
from argus.visualization.style import Style

BACKGROUND_BRIGHTNESS = 0.3
# Where the outline of a prediction lies.
THRESHOLD = 0.5


def has_saliency(sample: Any) -> bool:
    """Whether a sample holds saliency, predicted or true."""
    return has_dense(sample, "saliency")


def render_saliency(canvas: Canvas, samples: list[Any], style: Style) -> None:
    """Draw the saliency of the first sample."""
    found = probability_map(canvas, samples[0], style.source, "saliency")
    if found is None:
        note_missing(canvas, style.source)
    else:
        draw_saliency(canvas, *found)


def draw_saliency(
    canvas: Canvas, probability: np.ndarray, ignored: np.ndarray | None = None
) -> None:
    """Darken what does not stand out, and outline what does.

    Args:
        canvas: The picture; changed.
        probability: ``(height, width)`` of the canvas, in [0, 1] or bool. In between, the image is
            darkened in part.
        ignored: Pixels without a label, ``(height, width)`` bool; they are grey.
    """
    background = grey_copy(canvas, BACKGROUND_BRIGHTNESS)
    image = np.asarray(canvas.picture, dtype=np.float32)
    colors = blend_over(background, image, probability.astype(np.float32).clip(0, 1))
    if ignored is not None:
        colors[ignored] = UNKNOWN
    canvas.picture = to_picture(colors)
    draw_outline(canvas, probability >= THRESHOLD, YELLOW)
