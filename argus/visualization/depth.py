"""Pictures of depth: near is bright, far is dark, with a scale in metres under the picture."""

from typing import Any

import numpy as np

from argus.visualization.canvas import Canvas
from argus.visualization.colormap import colorize, make_scale_bar
from argus.visualization.dense import dense_map, has_dense, note_missing, replace_picture
from argus.visualization.palette import UNKNOWN
from argus.visualization.style import Style

COLORMAP = "viridis_r"
# A few wrong pixels of a sensor must not squeeze all others into one colour.
RANGE_PERCENTILES = (1, 99)


def has_depth(sample: Any) -> bool:
    """Whether a sample holds depth, predicted or true."""
    return has_dense(sample, "depth")


def render_depth(canvas: Canvas, samples: list[Any], style: Style) -> None:
    """Draw the depth of the first sample; prediction and truth have the same colours."""
    depth = dense_map(samples[0], style.source, "depth")
    if depth is None:
        note_missing(canvas, style.source)
        return
    draw_depth(canvas, depth[0], find_range(samples[0]), is_label=style.source == "gt")


def draw_depth(
    canvas: Canvas, depth: np.ndarray, limits: tuple[float, float], *, is_label: bool
) -> None:
    """Replace the image by depth and append the scale.

    Args:
        canvas: The picture; changed.
        depth: ``(H, W)`` metres.
        limits: Depth of the first and of the last colour, metres.
        is_label: Whether 0 means unknown, which is dark grey. So is what is not finite.
    """
    low, high = limits
    colors = colorize(depth, low, high, COLORMAP)
    colors[~_known(depth, is_label)] = UNKNOWN
    replace_picture(canvas, colors)
    bar = make_scale_bar(
        "depth (m)", low, high, COLORMAP, width=canvas.width, font_px=canvas.font_px
    )
    canvas.append_below(bar)


def find_range(sample: Any) -> tuple[float, float]:
    """The depths in metres that the colours span: those of the truth, else of the prediction."""
    for source in ("gt", "pred"):
        depth = dense_map(sample, source, "depth")
        if depth is None:
            continue
        known = depth[_known(depth, is_label=source == "gt")]
        if known.size:
            low, high = (float(v) for v in np.percentile(known, RANGE_PERCENTILES))
            # A wall seen from the front has one depth.
            return (low, high) if high - low > 0.01 else (low - 0.5, high + 0.5)
    return 0.0, 1.0


def _known(depth: np.ndarray, is_label: bool) -> np.ndarray:
    known = np.isfinite(depth)
    return known & (depth > 0) if is_label else known
