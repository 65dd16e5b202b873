"""Pictures of surface normals: the three components as red, green and blue."""

from typing import Any

import numpy as np

from argus.visualization.canvas import Canvas
from argus.visualization.dense import dense_map, has_dense, note_missing, replace_picture
from argus.visualization.palette import RGB, UNKNOWN
from argus.visualization.semantic import make_legend
from argus.visualization.style import Style

LEGEND: tuple[tuple[str, tuple[int, int, int]], ...] = (
    ("faces the viewer", (0, 0, 1)),
    ("right", (1, 0, 0)),
    ("left", (-1, 0, 0)),
    ("up", (0, 1, 0)),
    ("down", (0, -1, 0)),
)


def has_normals(sample: Any) -> bool:
    """Whether a sample holds surface normals, predicted or true."""
    return has_dense(sample, "normals")


def render_normals(canvas: Canvas, samples: list[Any], style: Style) -> None:
    """Draw the normals of the first sample."""
    normals = dense_map(samples[0], style.source, "normals")
    if normals is None:
        note_missing(canvas, style.source)
        return
    draw_normals(canvas, normals)


def draw_normals(canvas: Canvas, normals: np.ndarray) -> None:
    """Replace the image by normals and append what the colours mean.

    Args:
        canvas: The picture; changed.
        normals: ``(3, H, W)`` unit vectors, axes x right, y up, z towards the viewer. The zero
            vector is unknown and dark grey.
    """
    vectors = np.moveaxis(normals, 0, -1)
    colors = normal_colors(vectors)
    unknown = ~np.isfinite(vectors).all(-1) | (np.abs(vectors) < 1e-6).all(-1)
    colors[unknown] = UNKNOWN
    replace_picture(canvas, colors)
    entries: list[tuple[str, RGB]] = []
    for name, direction in LEGEND:
        red, green, blue = normal_colors(np.array(direction, dtype=np.float32)).tolist()
        entries.append((name, (red, green, blue)))
    if unknown.any():
        entries.append(("unknown", UNKNOWN))
    canvas.append_below(make_legend(entries, canvas.width, canvas.font_px))


def normal_colors(vectors: np.ndarray) -> np.ndarray:
    """RGB uint8 of unit vectors ``(..., 3)``: -1 is 0, 0 is 128, 1 is 255."""
    scaled = np.nan_to_num(vectors.astype(np.float32)) * 0.5 + 0.5
    return np.rint(scaled * 255).clip(0, 255).astype(np.uint8)
