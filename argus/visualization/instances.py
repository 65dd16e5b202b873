"""Pictures of detections and instance masks: tinted masks, boxes, names and scores."""

from typing import Any

import cv2
import numpy as np

from argus.visualization.canvas import Canvas
from argus.visualization.palette import BLACK, mix
from argus.visualization.sample_arrays import instances_of, to_array, to_masks
from argus.visualization.semantic import make_legend
from argus.visualization.shades import ranks_from_left, shade
from argus.visualization.style import Style

MASK_ALPHA = 0.5
OUTLINE_DARKNESS = 0.5
# More than this many boxes hide the picture; the best are drawn.
MAX_INSTANCES = 100
# More names than this hide what they name; of one class a legend says as much.
MAX_EQUAL_NAMES = 12


def has_instances(sample: Any) -> bool:
    """Whether a sample holds boxes or masks, predicted or true."""
    parts = [instances_of(sample, source) for source in ("pred", "gt")]
    return any(part is not None and ("bboxes" in part or "masks" in part) for part in parts)


def render_instances(canvas: Canvas, samples: list[Any], style: Style) -> None:
    """Draw the instances of the samples of one image."""
    for sample in samples:
        instances = instances_of(sample, style.source)
        if instances is not None and len(instances):
            draw_instances(canvas, instances, style)


def draw_instances(canvas: Canvas, instances: Any, style: Style) -> None:
    """Draw an ``InstanceData``.

    Args:
        canvas: The picture; changed.
        instances: ``labels`` (N,), ``bboxes`` (N, 4) xyxy in pixels and / or ``masks``, and for
            predictions ``scores`` (N,).
        style: Names, colours, threshold.
    """
    labels = to_array(instances.labels).astype(int)
    scores = to_array(instances.scores) if "scores" in instances else None
    order = np.arange(len(labels)) if scores is None else np.argsort(-scores, kind="stable")
    if scores is not None:
        order = order[scores[order] >= style.score_threshold]
    number, order = len(order), order[:MAX_INSTANCES]
    if not len(order):
        return
    masks = to_masks(instances.masks)[order] if "masks" in instances else None
    if "bboxes" in instances:
        boxes = to_array(instances.bboxes)[order].astype(np.float64)
    else:
        assert masks is not None, "instances need bboxes or masks"
        boxes = np.array([_extent(mask) for mask in masks], dtype=np.float64)
    labels = labels[order]
    boxes = canvas.to_canvas(boxes.reshape(-1, 2, 2)).reshape(-1, 4)

    ranks = ranks_from_left(labels, boxes[:, 0] + boxes[:, 2])
    colors = [shade(style.color(int(i)), int(r)) for i, r in zip(labels, ranks, strict=True)]
    # Large first, so that what lies in front or inside stays visible.
    areas = (boxes[:, 2] - boxes[:, 0]) * (boxes[:, 3] - boxes[:, 1])
    for i in np.argsort(-areas, kind="stable"):
        if masks is not None:
            _draw_mask(canvas, masks[i], colors[i])
        rectangle = [*boxes[i, :2], *np.maximum(boxes[i, 2:], boxes[i, :2])]
        canvas.draw.rectangle(rectangle, outline=colors[i], width=canvas.line_px)
    if len(order) > MAX_EQUAL_NAMES and len(set(labels)) == 1:
        drawn = "" if number == len(order) else f", {len(order)} drawn"
        text = f"{style.name(labels[0])}: {number}{drawn}"
        entries = [(text, style.color(int(labels[0])))]
        canvas.append_below(make_legend(entries, canvas.width, canvas.font_px))
        return
    # Best first, so that their labels get the best places.
    for i, index in enumerate(order):
        text = style.name(labels[i])
        if scores is not None:
            text += f" {scores[index]:.2f}"
        canvas.label(boxes[i], text, colors[i])


def _draw_mask(canvas: Canvas, mask: np.ndarray, color: tuple[int, int, int]) -> None:
    """Tint a mask and draw its outline; only its own region is touched."""
    x0, y0, x1, y1 = _extent(mask)
    if x1 <= x0 or y1 <= y0:
        return
    scale_y, scale_x = canvas.height / mask.shape[0], canvas.width / mask.shape[1]
    left, top = round(x0 * scale_x), round(y0 * scale_y)
    right, bottom = max(round(x1 * scale_x), left + 1), max(round(y1 * scale_y), top + 1)
    crop = mask[y0:y1, x0:x1].astype(np.uint8) * 255
    region = cv2.resize(crop, (right - left, bottom - top), interpolation=cv2.INTER_LINEAR)
    region = (region >= 128).astype(np.uint8)
    thickness = max(1, round(canvas.line_px * 0.6))
    kernel = np.ones((2 * thickness + 1, 2 * thickness + 1), np.uint8)
    inner = cv2.erode(region, kernel, borderType=cv2.BORDER_CONSTANT, borderValue=0)
    origin = (left, top, right, bottom)
    canvas.blend(region.astype(bool), color, MASK_ALPHA, origin)
    canvas.blend((region > inner), mix(color, BLACK, OUTLINE_DARKNESS), 1.0, origin)


def _extent(mask: np.ndarray) -> tuple[int, int, int, int]:
    """Box x0 y0 x1 y1 around the true pixels, zeros if there are none."""
    rows, columns = np.flatnonzero(mask.any(1)), np.flatnonzero(mask.any(0))
    if not len(rows):
        return 0, 0, 0, 0
    return int(columns[0]), int(rows[0]), int(columns[-1]) + 1, int(rows[-1]) + 1
