"""Pictures of image classification: the five best classes as bars under the image."""

from typing import Any

import numpy as np
from PIL import Image, ImageDraw

from argus.visualization.canvas import Canvas, fit_text, text_size
from argus.visualization.fonts import load_font
from argus.visualization.palette import BLACK, BLUE, GREY, RGB, VERMILION, WHITE
from argus.visualization.sample_arrays import to_array
from argus.visualization.style import Style

TOP_K = 5


def has_classification(sample: Any) -> bool:
    """Whether a sample holds an image class, predicted or true."""
    return "pred_score" in sample or "pred_label" in sample or "gt_label" in sample


def render_classification(canvas: Canvas, samples: list[Any], style: Style) -> None:
    """Append the bars of the first sample; for the truth its class names."""
    sample = samples[0]
    truth = to_array(sample.gt_label).ravel().tolist() if "gt_label" in sample else []
    rows: list[tuple[str, float | None, RGB]]
    if style.source == "gt":
        rows = [(style.name(label), None, BLUE) for label in truth]
    elif "pred_score" in sample:
        scores = to_array(sample.pred_score)
        best = np.argsort(-scores, kind="stable")[:TOP_K]
        rows = [
            (_row_name(style, i, truth), float(scores[i]), _row_color(i, best[0], truth))
            for i in best
        ]
    else:
        rows = [(style.name(int(i)), None, BLUE) for i in to_array(sample.pred_label).ravel()]
    if rows:
        canvas.append_below(make_bars(rows, canvas.width, canvas.font_px))


def make_bars(rows: list[tuple[str, float | None, RGB]], width: int, font_px: int) -> Image.Image:
    """A white panel with a line per class.

    Args:
        rows: Name, score in [0, 1] (``None`` for no bar) and colour.
        width: Width of the panel in pixels.
        font_px: Text size in pixels.
    """
    line, gap = text_size("", font_px)[1], font_px // 2
    panel = Image.new("RGB", (width, len(rows) * line + 2 * gap), WHITE)
    draw = ImageDraw.Draw(panel)
    swatch, text_left = line // 2, gap + line // 2 + gap
    bar_left = round(width * 0.5)
    bar_span = width - bar_left - 2 * gap - text_size("100.0 %", font_px)[0]
    for index, (name, score, color) in enumerate(rows):
        top = gap + index * line
        middle = top + line / 2
        room = (width if score is None else bar_left) - text_left - gap
        corner = top + (line - swatch) // 2
        draw.rectangle((gap, corner, gap + swatch, corner + swatch), fill=color)
        name = fit_text(name, font_px, room)
        draw.text((text_left, middle), name, fill=BLACK, font=load_font(font_px, name), anchor="lm")
        if score is None:
            continue
        bar_right = bar_left + max(1, score * bar_span)
        draw.rectangle((bar_left, top + line * 0.2, bar_right, top + line * 0.8), fill=color)
        number = f"{100 * score:.1f} %"
        draw.text(
            (bar_right + gap, middle), number, fill=BLACK, font=load_font(font_px), anchor="lm"
        )
    return panel


def _row_name(style: Style, label: int, truth: list[int]) -> str:
    """Colour alone must not tell which class is the true one."""
    return style.name(label) + (" (true)" if label in truth else "")


def _row_color(label: int, best: int, truth: list[int]) -> RGB:
    """Blue for the true class, vermilion for a wrong first choice, grey for the rest."""
    if label in truth or (not truth and label == best):
        return BLUE
    return VERMILION if label == best else GREY
