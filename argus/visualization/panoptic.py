"""Pictures of panoptic segmentation: a colour per class, a shade per instance, names in place."""

from typing import Any

import cv2
import numpy as np
from scipy import ndimage

from argus.visualization.canvas import Canvas, text_size
from argus.visualization.dense import note_missing
from argus.visualization.fonts import load_font
from argus.visualization.outline import tint_labels
from argus.visualization.palette import BLACK, WHITE
from argus.visualization.sample_arrays import to_array
from argus.visualization.semantic import make_legend
from argus.visualization.shades import ranks_from_left, shade
from argus.visualization.style import Style

# The height of a name in the grid in which a place for it is sought.
_GRID_PX = 8


def has_panoptic(sample: Any) -> bool:
    """Whether a sample holds a panoptic map, predicted or true."""
    return "pred_panoptic_seg" in sample or "gt_panoptic_seg" in sample


def render_panoptic(canvas: Canvas, samples: list[Any], style: Style) -> None:
    """Draw the panoptic map of the first sample."""
    field = samples[0].get(f"{style.source}_panoptic_seg")
    if field is None:
        note_missing(canvas, style.source)
        return
    draw_panoptic(canvas, to_array(field.sem_seg).squeeze(0), style)


def draw_panoptic(canvas: Canvas, ids: np.ndarray, style: Style) -> None:
    """Tint the segments, write the names of the large ones, and append a legend.

    Args:
        canvas: The picture; changed, and made taller by the legend.
        ids: ``(H, W)``, label + number * mmdet's ``INSTANCE_OFFSET``; labels from the number of
            classes on are void and not painted.
        style: Names and colours.
    """
    # Whoever has such a map has loaded mmdet; other pictures must not wait for it.
    from mmdet.structures import INSTANCE_OFFSET

    # As np.unique with its inverse, without sorting the pixels.
    present = np.flatnonzero(np.bincount(ids.ravel()))
    place = np.zeros(present[-1] + 1, np.int32)
    place[present] = np.arange(len(present))
    segments = canvas.resize_labels(place[ids])
    labels = present % INSTANCE_OFFSET
    is_void = labels >= len(style.classes)
    colors = _segment_colors(labels, segments, style)
    tint_labels(canvas, segments, colors, ~is_void)
    for index, box in enumerate(ndimage.find_objects(segments + 1, max_label=len(present))):
        if box is not None and not is_void[index]:
            _write_name(canvas, segments[box] == index, box, style.name(int(labels[index])))
    areas = np.bincount(segments.ravel(), minlength=len(present))
    class_areas = np.bincount(labels[~is_void], weights=areas[~is_void])
    by_area = np.argsort(-class_areas, kind="stable")
    entries = [(style.name(int(i)), style.color(int(i))) for i in by_area if class_areas[i]]
    if entries:
        canvas.append_below(make_legend(entries, canvas.width, canvas.font_px))


def _segment_colors(labels: np.ndarray, segments: np.ndarray, style: Style) -> np.ndarray:
    """RGB ``(n, 3)`` of the segments."""
    columns = np.arange(segments.shape[1])
    # Pixels of each segment in each column, (n, width).
    cells = np.bincount(
        (segments * len(columns) + columns).ravel(), minlength=len(labels) * len(columns)
    )
    profile = cells.reshape(len(labels), len(columns))
    centers = profile @ columns / np.maximum(profile.sum(axis=1), 1)
    ranks = ranks_from_left(labels, centers)
    colors = [shade(style.color(int(i)), int(r)) for i, r in zip(labels, ranks, strict=True)]
    return np.array(colors, np.float32).reshape(-1, 3)


def _write_name(canvas: Canvas, mask: np.ndarray, box: tuple[slice, slice], name: str) -> None:
    """Write a name inside a segment, as near to its middle as its shape lets; not if it is small.

    Args:
        canvas: The picture; changed.
        mask: The segment in its box, bool.
        box: Rows and columns of the canvas.
        name: One line.
    """
    width, height = text_size(name, canvas.font_px)
    # In this grid the name is a square, and the distance of a pixel along rows and columns
    # (Chebyshev) is half the side of the largest square around it.
    size = (round(mask.shape[1] * _GRID_PX / width), round(mask.shape[0] * _GRID_PX / height))
    if min(size) < _GRID_PX:
        return
    grid = cv2.resize(mask.astype(np.uint8), size, interpolation=cv2.INTER_NEAREST)
    distance = cv2.distanceTransform(np.pad(grid, 1), cv2.DIST_C, 3)[1:-1, 1:-1]
    if distance.max() < _GRID_PX / 2:
        return
    roomy = np.argwhere(distance >= 0.9 * distance.max())
    middle = np.argwhere(grid).mean(axis=0)
    row, column = roomy[((roomy - middle) ** 2).sum(axis=1).argmin()]
    x = box[1].start + (column + 0.5) * mask.shape[1] / size[0]
    y = box[0].start + (row + 0.5) * mask.shape[0] / size[1]
    canvas.draw.text(
        (x, y),
        name,
        fill=WHITE,
        font=load_font(canvas.font_px, name),
        anchor="mm",
        stroke_width=max(1, canvas.font_px // 9),
        stroke_fill=BLACK,
    )
