"""Pictures of boundaries: bright lines on the darkened image."""

from typing import Any

import cv2
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
from argus.visualization.palette import UNKNOWN, YELLOW
from argus.visualization.style import Style

BACKGROUND_BRIGHTNESS = 0.35


def has_boundary(sample: Any) -> bool:
    """Whether a sample holds boundaries, predicted or true."""
    return has_dense(sample, "boundary")


def render_boundary(canvas: Canvas, samples: list[Any], style: Style) -> None:
    """Draw the boundaries of the first sample: the more probable, the brighter."""
    found = probability_map(canvas, samples[0], style.source, "boundary")
    if found is None:
        note_missing(canvas, style.source)
    else:
        draw_boundary(canvas, *found)


def draw_boundary(
    canvas: Canvas, probability: np.ndarray, ignored: np.ndarray | None = None
) -> None:
    """Darken the image and draw the lines.

    Args:
        canvas: The picture; changed.
        probability: ``(height, width)`` of the canvas, in [0, 1] or bool.
        ignored: Pixels without a label, ``(height, width)`` bool; they are grey.
    """
    # A line of one pixel would not be seen in a picture of 4000.
    width = max(1, canvas.line_px // 2)
    opacity = cv2.dilate(probability.astype(np.float32), np.ones((width, width), np.uint8))
    background = grey_copy(canvas, BACKGROUND_BRIGHTNESS)
    if ignored is not None:
        background[ignored] = UNKNOWN
    canvas.picture = to_picture(blend_over(background, YELLOW, opacity.clip(0, 1)))
