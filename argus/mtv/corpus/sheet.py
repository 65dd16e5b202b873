"""A contact sheet of labelled pictures: boxes with names and scores, depth, caption."""

from collections.abc import Sequence

import cv2
import numpy as np
from mmengine.structures import InstanceData
from PIL import Image, ImageDraw

from argus.mtv.corpus.labelled import Seen
from argus.visualization.canvas import Canvas, fit_text, text_size
from argus.visualization.colormap import colorize
from argus.visualization.fonts import load_font
from argus.visualization.instances import draw_instances
from argus.visualization.palette import BLACK, GREY, UNKNOWN, WHITE
from argus.visualization.sheet import contact_sheet
from argus.visualization.style import Style

COLORMAP = "viridis"  # near is bright
_PERCENTILES = (1, 99)
_LINES = 3


def labelled_sheet(
    samples: Sequence[tuple[str, Seen | str]], *, columns: int = 2, cell_width_px: int = 900
) -> np.ndarray:
    """Pictures of samples in a grid.

    Args:
        samples: Name of each, and the sample, or why it cannot be read.
        columns: Samples per row.
        cell_width_px: Of a sample, which is two pictures wide.

    Returns:
        RGB (H, W, 3) uint8.
    """
    cells = [_cell(sample) for _, sample in samples]
    return contact_sheet(cells, [name for name, _ in samples], columns, cell_width_px=cell_width_px)


def _cell(sample: Seen | str) -> np.ndarray:
    if isinstance(sample, str):
        canvas = Canvas(np.full((256, 512, 3), GREY, np.uint8))
        _write(canvas, [sample])
        return canvas.to_array()
    canvas = Canvas(sample.image)
    found = sample.labels.regions
    if found is not None and len(found):
        height, width = sample.image.shape[:2]
        classes = sorted(set(found.names))
        instances = InstanceData(
            labels=np.array([classes.index(name) for name in found.names]),
            bboxes=found.boxes * np.array([width, height, width, height], np.float32),
            scores=found.scores,
        )
        draw_instances(canvas, instances, Style(classes=classes, score_threshold=0.0))
    joined = Canvas(np.concatenate([canvas.to_array(), _depth(sample, canvas)], axis=1))
    tags = sample.labels.tags
    texts = [" / ".join(sample.captions) or "no caption"]
    texts += ["tags: " + ", ".join(tags)] if tags else []
    texts += [] if found is not None and len(found) else ["no regions"]
    _write(joined, [*texts, *sample.labels.faults])
    return joined.to_array()


def _depth(sample: Seen, canvas: Canvas) -> np.ndarray:
    """The map in colours, or a grey field, as high as the picture beside it."""
    size = (canvas.width, canvas.to_array().shape[0])
    if sample.disparity is None:
        field = Canvas(np.full((size[1], size[0], 3), UNKNOWN, np.uint8))
        field.label((0, 0, size[0], size[1]), "no depth", GREY)
        return field.to_array()
    values, valid = sample.disparity
    known = values[valid]
    low, high = (float(v) for v in np.percentile(known, _PERCENTILES)) if known.size else (0.0, 1.0)
    colours = colorize(values, low, high if high > low else low + 1.0, COLORMAP)
    colours[~valid] = UNKNOWN
    return cv2.resize(colours, size, interpolation=cv2.INTER_NEAREST_EXACT)


def _write(canvas: Canvas, texts: Sequence[str]) -> None:
    """Lines of text below the picture, each text on at most three."""
    font_px = max(14, canvas.width // 45)
    gap, line = font_px // 2, text_size("", font_px)[1]
    lines = [row for text in texts for row in _wrapped(text, font_px, canvas.width - 2 * gap)]
    panel = Image.new("RGB", (canvas.width, len(lines) * line + gap), WHITE)
    draw = ImageDraw.Draw(panel)
    for place, row in enumerate(lines):
        draw.text(
            (gap, gap // 2 + (place + 0.5) * line),
            row,
            fill=BLACK,
            font=load_font(font_px, row),
            anchor="lm",
        )
    canvas.append_below(panel)


def _wrapped(text: str, font_px: int, width: int) -> list[str]:
    lines: list[str] = []
    words = text.split()
    while words and len(lines) < _LINES:
        row = words.pop(0)
        while words and text_size(f"{row} {words[0]}", font_px)[0] <= width:
            row += f" {words.pop(0)}"
        lines.append(row)
    if words:
        lines[-1] += " " + " ".join(words)
    return [fit_text(row, font_px, width) for row in lines]
