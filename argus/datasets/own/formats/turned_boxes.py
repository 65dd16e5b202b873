"""Boxes that a person turned, and the upright ones around them.

Angles are in degrees, clockwise as the picture is seen. CVAT writes a turned box into COCO JSON and
Pascal VOC XML as it was before it was turned, and the angle around its middle beside it.
"""

import math
from typing import Any

TURNED = "boxes are turned: the upright box around each is taken"
Ring = tuple[float, ...]
Box = tuple[float, float, float, float]


def turned(ring: Ring, x: float, y: float, degrees: float) -> Ring:
    """Corners turned around a point; exactly the same ones for no degrees."""
    if not degrees:
        return ring
    cosine, sine = math.cos(math.radians(degrees)), math.sin(math.radians(degrees))
    corners = zip(ring[::2], ring[1::2], strict=True)
    return tuple(
        value
        for a, b in corners
        for value in (
            x + (a - x) * cosine - (b - y) * sine,
            y + (a - x) * sine + (b - y) * cosine,
        )
    )


def corners_of(x1: float, y1: float, x2: float, y2: float) -> Ring:
    """The four corners of a box, clockwise from the first."""
    return (x1, y1, x2, y1, x2, y2, x1, y2)


def upright(box: Box, degrees: Any) -> Box:
    """The upright box around one that is turned around its middle; the same for no angle.

    Args:
        box: x1, y1, x2, y2 before it was turned.
        degrees: As a file has it; what is no number is no angle.
    """
    try:
        angle = float(degrees or 0)
    except (TypeError, ValueError):
        return box
    if not math.isfinite(angle) or not angle % 360:
        return box
    x1, y1, x2, y2 = box
    ring = turned(corners_of(x1, y1, x2, y2), (x1 + x2) / 2, (y1 + y2) / 2, angle)
    return (min(ring[::2]), min(ring[1::2]), max(ring[::2]), max(ring[1::2]))
