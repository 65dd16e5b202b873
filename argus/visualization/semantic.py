"""Pictures of semantic segmentation: every class tinted, with a legend of names under the image."""

from typing import Any

import numpy as np
from PIL import Image, ImageDraw

from argus.visualization.canvas import Canvas, fit_text, text_size
from argus.visualization.fonts import load_font
from argus.visualization.outline import tint_labels
from argus.visualization.palette import BLACK, RGB, WHITE
from argus.visualization.sample_arrays import to_array
from argus.visualization.style import Style

IGNORE_LABEL = 255
BACKGROUND = "background"


def has_semantic(sample: Any) -> bool:
    """Whether a sample holds a label map, predicted or true."""
    return "pred_sem_seg" in sample or "gt_sem_seg" in sample


def render_semantic(canvas: Canvas, samples: list[Any], style: Style) -> None:
    """Draw the label map of the first sample."""
    field = samples[0].get(f"{style.source}_sem_seg")
    if field is not None:
        data = field.data if "data" in field else field.sem_seg
        draw_semantic(canvas, to_array(data).squeeze(), style)


def draw_semantic(canvas: Canvas, label_map: np.ndarray, style: Style) -> None:
    """Tint the classes and append a legend.

    Args:
        canvas: The picture; changed, and made taller by the legend.
        label_map: Labels ``(H, W)``; 255, and the class ``background``, are not painted.
        style: Names and colours.
    """
    resized = canvas.resize_labels(label_map.astype(np.int32))
    counts = np.bincount(resized.ravel(), minlength=IGNORE_LABEL + 1)
    counts[IGNORE_LABEL] = 0
    # What belongs to no class keeps its colours.
    counts[[style.name(label).lower() == BACKGROUND for label in range(len(counts))]] = 0
    labels = np.flatnonzero(counts)
    table = np.zeros((len(counts), 3))
    for label in labels:
        table[label] = style.color(int(label))
    tint_labels(canvas, resized, table, counts > 0)
    by_area = labels[np.argsort(-counts[labels], kind="stable")]
    entries = [(style.name(int(label)), style.color(int(label))) for label in by_area]
    if entries:
        canvas.append_below(make_legend(entries, canvas.width, canvas.font_px))


def make_legend(entries: list[tuple[str, RGB]], width: int, font_px: int) -> Image.Image:
    """A white panel of colour swatches with names, wrapped to ``width`` pixels."""
    line = text_size("", font_px)[1]
    gap, swatch = font_px // 2, round(font_px * 0.9)
    placed = []
    x, y = gap, gap
    for name, color in entries:
        name = fit_text(name, font_px, width - 3 * gap - swatch)
        entry_width = swatch + gap // 2 + text_size(name, font_px)[0] + gap
        if x > gap and x + entry_width > width:
            x, y = gap, y + line
        placed.append((x, y, name, color))
        x += entry_width
    panel = Image.new("RGB", (width, y + line + gap), WHITE)
    draw = ImageDraw.Draw(panel)
    for x, y, name, color in placed:
        top = y + (line - swatch) // 2
        draw.rectangle((x, top, x + swatch, top + swatch), fill=color, outline=BLACK)
        position = (x + swatch + gap // 2, y + line / 2)
        draw.text(position, name, fill=BLACK, font=load_font(font_px, name), anchor="lm")
    return panel
