"""Label maps over an image, borders between labels, and around regions."""

import cv2
import numpy as np
from PIL import Image

from argus.visualization.canvas import Canvas
from argus.visualization.palette import BLACK, RGB

TINT_ALPHA = 0.6
BORDER_BRIGHTNESS = 0.35


def tint_labels(
    canvas: Canvas, labels: np.ndarray, colors: np.ndarray, painted: np.ndarray
) -> None:
    """Lay the colours of labels over the picture, with dark lines between them.

    Args:
        canvas: The picture; changed.
        labels: ``(height, width)`` of the canvas, integers in [0, n).
        colors: RGB by label, ``(n, 3)``.
        painted: Whether a label has a colour, ``(n,)`` bool; the image stays where it has none.
    """
    image = np.asarray(canvas.picture)
    # In bytes: floats of a picture of 4000 pixels would fill gigabytes.
    flat = np.asarray(colors).round().astype(np.uint8)[labels]
    tinted = cv2.addWeighted(image, 1 - TINT_ALPHA, flat, TINT_ALPHA, 0)
    bare = ~painted[labels]
    tinted[bare] = image[bare]
    borders = label_borders(labels, max(1, canvas.line_px // 2))
    tinted[borders] = (tinted[borders] * BORDER_BRIGHTNESS).round().astype(np.uint8)
    canvas.picture = Image.fromarray(tinted)


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
