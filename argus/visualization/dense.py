"""What the pictures of a ``DenseSample`` share: its maps, a dimmed image below them, a note."""

from typing import Any

import cv2
import numpy as np
from PIL import Image

from argus.visualization.canvas import Canvas
from argus.visualization.palette import BLACK, RGB
from argus.visualization.sample_arrays import to_array

IGNORE_LABEL = 255


def has_dense(sample: Any, name: str) -> bool:
    """Whether a sample holds a map of this name, predicted or true."""
    return f"pred_{name}" in sample or f"gt_{name}" in sample


def dense_map(sample: Any, source: str, name: str) -> np.ndarray | None:
    """A map of a sample, ``(C, H, W)``; ``None`` if it is absent.

    Args:
        sample: The ``DenseSample`` of an image.
        source: ``pred`` or ``gt``.
        name: ``depth``, ``normals``, ...
    """
    field = sample.get(f"{source}_{name}")
    return None if field is None else to_array(field.data)


def note_missing(canvas: Canvas, source: str) -> None:
    """Say in the picture's corner that there is nothing to draw."""
    text = "no ground truth" if source == "gt" else "no prediction"
    canvas.label((0, 0, 0, 0), text, BLACK)


def resize_values(canvas: Canvas, values: np.ndarray) -> np.ndarray:
    """Bring a map ``(H, W)`` of floats to the canvas size, smoothly."""
    enlarges = canvas.height >= values.shape[0] and canvas.width >= values.shape[1]
    kind = cv2.INTER_LINEAR if enlarges else cv2.INTER_AREA
    return cv2.resize(values.astype(np.float32), (canvas.width, canvas.height), interpolation=kind)


def replace_picture(canvas: Canvas, colors: np.ndarray) -> None:
    """Show RGB ``(H, W, 3)`` uint8 of any size in place of the image."""
    picture = Image.fromarray(colors)
    canvas.picture = picture.resize(canvas.picture.size, Image.Resampling.BILINEAR)


def grey_copy(canvas: Canvas, brightness: float) -> np.ndarray:
    """The image without its colours, ``(H, W, 3)`` float32 in [0, 255].

    Args:
        canvas: The picture; not changed.
        brightness: In [0, 1]; below 1 the picture is darker than the image.
    """
    luminance = np.asarray(canvas.picture.convert("L"), dtype=np.float32) * brightness
    return np.repeat(luminance[..., None], 3, axis=2)


def blend_over(background: np.ndarray, color: np.ndarray | RGB, opacity: np.ndarray) -> np.ndarray:
    """Lay a colour over a picture.

    Args:
        background: ``(H, W, 3)`` in [0, 255].
        color: RGB, one or one per pixel ``(H, W, 3)``.
        opacity: Share of ``color`` per pixel, ``(H, W)`` in [0, 1].

    Returns:
        ``(H, W, 3)`` float32.
    """
    share = opacity[..., None].astype(np.float32)
    return background * (1 - share) + np.asarray(color, dtype=np.float32) * share


def to_picture(colors: np.ndarray) -> Image.Image:
    """``(H, W, 3)`` floats in [0, 255] as an image."""
    return Image.fromarray(np.rint(colors).clip(0, 255).astype(np.uint8))


def probability_map(
    canvas: Canvas, sample: Any, source: str, field: str
) -> tuple[np.ndarray, np.ndarray | None] | None:
    """A yes-or-no field at the size of the canvas.

    Returns:
        Probability in [0, 1], or bool for a label, ``(height, width)``; and the pixels that a label
        ignores, ``None`` for a prediction. ``None`` if the sample lacks the field.
    """
    values = dense_map(sample, source, field)
    if values is None:
        return None
    if source == "gt":
        labels = canvas.resize_labels(values[0])
        return labels == 1, labels == IGNORE_LABEL
    return resize_values(canvas, values[0]), None
