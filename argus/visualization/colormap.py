"""Colours of numbers, and the bar that tells which colour is which number.

The maps are perceptually uniform and rise in lightness: people with colour-vision deficiencies, and
a grey copy, show the same order (Smith and van der Walt, "A Better Default Colormap for
Matplotlib", SciPy 2015).
"""

from functools import lru_cache

import cv2
import numpy as np
from PIL import Image, ImageDraw

from argus.visualization.canvas import fit_text, text_size
from argus.visualization.fonts import load_font
from argus.visualization.palette import BLACK, WHITE

_LEVELS = 256
_MIN_BAR_PX = 4
# Of a panel, by the size of its text.
_MIN_TITLE_WIDTH = 12
# OpenCV's tables are matplotlib's.
_TABLES = {"viridis": cv2.COLORMAP_VIRIDIS, "inferno": cv2.COLORMAP_INFERNO}


@lru_cache(maxsize=len(_TABLES) * 2)
def color_table(name: str) -> np.ndarray:
    """The 256 RGB colours of a map, ``(256, 3)`` uint8.

    Args:
        name: ``viridis`` or ``inferno``; with ``_r`` behind it from bright to dark.
    """
    base = name.removesuffix("_r")
    bgr = cv2.applyColorMap(np.arange(_LEVELS, dtype=np.uint8), _TABLES[base])
    table = bgr[:, 0, ::-1]
    return np.ascontiguousarray(table if base == name else table[::-1])


def unit_interval(values: np.ndarray, low: float, high: float) -> np.ndarray:
    """Map ``low`` to 0 and ``high`` to 1; what lies outside is clipped, NaN is 0."""
    assert high > low, (low, high)
    return np.nan_to_num((values.astype(np.float32) - low) / (high - low)).clip(0, 1)


def colorize(values: np.ndarray, low: float, high: float, name: str) -> np.ndarray:
    """Colours of numbers.

    Args:
        values: ``(H, W)``.
        low: Number of the first colour.
        high: Number of the last colour.
        name: As for :func:`color_table`.

    Returns:
        RGB ``(H, W, 3)`` uint8.
    """
    levels = np.rint(unit_interval(values, low, high) * (_LEVELS - 1)).astype(np.uint8)
    return color_table(name)[levels]


def make_ticks(low: float, high: float, most: int = 6) -> list[float]:
    """At most ``most`` multiples of 1, 2 or 5 times a power of ten in [low, high]."""
    step = 10.0 ** np.floor(np.log10((high - low) / most))
    factor = next(f for f in (1, 2, 5, 10, 20) if (high - low) / (f * step) <= most - 1 + 1e-6)
    step *= factor
    slack = 1e-6 * step
    first, last = np.ceil((low - slack) / step), np.floor((high + slack) / step)
    # Rounding keeps 0.3 from becoming 0.30000000000000004, the sum keeps 0 from becoming -0.
    return [round(float(i * step), 12) + 0.0 for i in np.arange(first, last + 1)]


def make_scale_bar(
    title: str, low: float, high: float, name: str, *, width: int, font_px: int
) -> Image.Image:
    """A white panel with the title, the colours from ``low`` to ``high``, and numbers below them.

    Args:
        title: What is shown, with its unit; left out of a panel too narrow for it.
        low: Number of the first colour.
        high: Number of the last colour.
        name: As for :func:`color_table`.
        width: Width of the panel in pixels.
        font_px: Text size in pixels.
    """
    line, gap = text_size("", font_px)[1], font_px // 2
    title = fit_text(title, font_px, width // 3) if width > _MIN_TITLE_WIDTH * font_px else ""
    left = 2 * gap + text_size(title, font_px)[0]
    right = max(width - 3 * gap, left + _MIN_BAR_PX)
    panel = Image.new("RGB", (width, 2 * line + 2 * gap), WHITE)
    draw = ImageDraw.Draw(panel)
    draw.text((gap, gap + line / 2), title, fill=BLACK, font=load_font(font_px, title), anchor="lm")
    bar_height = round(line * 0.75)
    top = gap + (line - bar_height) // 2
    ramp = colorize(np.linspace(low, high, right - left)[None], low, high, name)
    bar = Image.fromarray(np.repeat(ramp, bar_height, axis=0))
    panel.paste(bar, (left, top))
    draw.rectangle((left - 1, top - 1, right, top + bar_height), outline=BLACK)
    ticks = make_ticks(low, high)
    decimals = next(d for d in range(13) if all(round(t, d) == t for t in ticks))
    bottom = top + bar_height
    for tick in ticks:
        x = left + (tick - low) / (high - low) * (right - left - 1)
        draw.line((x, bottom, x, bottom + gap // 2), fill=BLACK, width=max(1, font_px // 14))
        text = f"{tick:.{decimals}f}"
        # The first and last number stay inside the panel.
        half = text_size(text, font_px)[0] / 2
        middle = (min(max(x, half), width - half), bottom + gap // 2 + line / 2)
        draw.text(middle, text, fill=BLACK, font=load_font(font_px, text), anchor="mm")
    return panel
