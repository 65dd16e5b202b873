"""Borders between labels, and around regions."""

import cv2
import numpy as np
from PIL import Image

from argus.visualization.canvas import Canvas
from argus.visualization.palette import BLACK, RGB


def label_borders(labels: np.ndarray, width_px: int) -> np.ndarray:
    """Pixels whose neighbourhood holds more than one label.

    Args:
        labels: ``(H, W)`` integers below 2^24.
        width_px: Width of the border.

    Returns:
        ``(H, W)`` bool.
    """
    kernel = np.ones((width_px + 1, width_px + 1), np.uint8)
    as_float = labels.astype(np.float32)
    return cv2.dilate(as_float, kernel) != cv2.erode(as_float, kernel)


def draw_outline(canvas: Canvas, region: np.ndarray, color: RGB) -> None:
    """Draw a line around a region, outside of it, with a dark casing on any background.

    Args:
        canvas: The picture; changed.
        region: ``(height, width)`` bool, of the canvas.
        color: RGB.
    """
    casing = max(1, canvas.line_px // 2)
    inside = region.astype(np.uint8)
    line = _grow(inside, canvas.line_px)
    cased = _grow(line, casing)
    picture = np.array(canvas.picture)
    picture[cased > inside] = BLACK
    picture[line > inside] = color
    canvas.picture = Image.fromarray(picture)


def _grow(mask: np.ndarray, width_px: int) -> np.ndarray:
    size = 2 * width_px + 1
    return cv2.dilate(mask, cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (size, size)))
