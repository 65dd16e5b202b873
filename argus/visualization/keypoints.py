"""Pictures of human poses: limbs and joints coloured by side of the body."""

from typing import Any

import numpy as np

from argus.visualization.canvas import Canvas
from argus.visualization.palette import BLACK, GREEN, ORANGE, RGB, SKY_BLUE, WHITE
from argus.visualization.sample_arrays import instances_of, to_array
from argus.visualization.style import Style

COCO_KEYPOINTS = (
    "nose", "left_eye", "right_eye", "left_ear", "right_ear", "left_shoulder", "right_shoulder",
    "left_elbow", "right_elbow", "left_wrist", "right_wrist", "left_hip", "right_hip",
    "left_knee", "right_knee", "left_ankle", "right_ankle",
)  # fmt: skip
COCO_SKELETON = (
    (15, 13), (13, 11), (16, 14), (14, 12), (11, 12), (5, 11), (6, 12), (5, 6), (5, 7), (6, 8),
    (7, 9), (8, 10), (1, 2), (0, 1), (0, 2), (1, 3), (2, 4), (3, 5), (4, 6),
)  # fmt: skip
SIDE_COLORS: dict[str, RGB] = {"left": SKY_BLUE, "right": ORANGE, "middle": GREEN}


def has_keypoints(sample: Any) -> bool:
    """Whether a sample holds keypoints, predicted or true."""
    parts = [instances_of(sample, source) for source in ("pred", "gt")]
    return any(part is not None and "keypoints" in part for part in parts)


def render_keypoints(canvas: Canvas, samples: list[Any], style: Style) -> None:
    """Draw the people of all samples of one image (top-down: one sample per person)."""
    for sample in samples:
        instances = instances_of(sample, style.source)
        if instances is None or "keypoints" not in instances:
            continue
        keypoints = to_array(instances.keypoints)
        if style.source == "pred":
            visible = to_array(instances.keypoint_scores) >= style.score_threshold
        elif "keypoints_visible" in instances:
            # mmpose keeps (N, K), or (N, K, 2) with a weight behind the visibility.
            visible = to_array(instances.keypoints_visible).reshape(*keypoints.shape[:2], -1)
            visible = visible[..., 0] > 0
        else:
            visible = np.ones(keypoints.shape[:2], dtype=bool)
        for person, shown in zip(keypoints, visible, strict=True):
            draw_person(canvas, person, shown, style)


def draw_person(canvas: Canvas, keypoints: np.ndarray, visible: np.ndarray, style: Style) -> None:
    """Draw one pose.

    Args:
        canvas: The picture; changed.
        keypoints: ``(K, 2)`` as (x, y) in image pixels.
        visible: ``(K,)`` booleans: which to draw. A limb needs both its ends.
        style: Keypoint names (whose prefix ``left`` or ``right`` gives the colour) and skeleton.
    """
    is_coco = len(keypoints) == len(COCO_KEYPOINTS)
    names = style.classes if len(style.classes) == len(keypoints) else ()
    names = names or (COCO_KEYPOINTS if is_coco else ("",) * len(keypoints))
    skeleton = style.skeleton
    if skeleton is None:
        skeleton = COCO_SKELETON if is_coco else ()
    sides = [_side(name) for name in names]
    # A keypoint names the centre of a pixel.
    points = canvas.to_canvas(keypoints[:, :2] + 0.5)
    width = _limb_width(canvas, points[visible])

    limbs = [(a, b) for a, b in skeleton if visible[a] and visible[b]]
    draw = canvas.draw
    # Dark casing first, so that limbs stand out on any background.
    for a, b in limbs:
        draw.line([*points[a], *points[b]], fill=BLACK, width=width + 2 * max(1, width // 3))
    for a, b in limbs:
        side = sides[a] if sides[a] == sides[b] else "middle"
        draw.line([*points[a], *points[b]], fill=SIDE_COLORS[side], width=width)
    for index in np.flatnonzero(visible):
        center = tuple(points[index])
        draw.circle(center, width * 1.1 + max(1, width / 3), fill=BLACK)
        draw.circle(center, width * 1.1, fill=SIDE_COLORS[sides[index]])
        draw.circle(center, width * 0.4, fill=WHITE)


def _limb_width(canvas: Canvas, points: np.ndarray) -> int:
    """Line width in pixels: the picture's, but thinner on small people."""
    if len(points) < 2:
        return canvas.line_px
    extent = float(np.ptp(points, axis=0).max())
    return int(np.clip(round(extent / 50), 2, 2 * canvas.line_px))


def _side(name: str) -> str:
    """``left``, ``right`` or ``middle``, from the name of a keypoint."""
    for side in ("left", "right"):
        if name.lower().replace("-", "_").startswith(side):
            return side
    return "middle"
