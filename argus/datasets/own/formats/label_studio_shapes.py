"""Regions of Label Studio, in percentages of the picture, as shapes in pixels.

A rectangle turns clockwise around its upper left corner, an ellipse around its middle.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from argus.datasets.checks.coco_entries import is_numbers, shown
from argus.datasets.own.formats.shapes import Shape, check_finite, ellipse
from argus.datasets.own.formats.turned_boxes import corners_of, turned
from argus.datasets.own.record import Keypoint
from argus.errors import DataError

OUTLINES = ("rectangle", "polygon", "ellipse")


def shape_of(region: Mapping[str, Any], kind: str, size: tuple[int, int], where: str) -> Shape:
    """The shape of a region.

    Args:
        region: With its values.
        kind: ``rectangle``, ``polygon`` or ``ellipse``.
        size: Width and height of the picture.
        where: For messages.

    Raises:
        DataError: A value is no number, or none of a picture.
    """
    if kind == "polygon":
        corners = region["points"]
        if not isinstance(corners, list) or not corners:
            raise DataError(f"{where}: points {shown(corners)}, expected pairs of numbers.")
        pairs = [_pixels(corner, size, "points", where) for corner in corners]
        return Shape(ring=tuple(value for pair in pairs for value in pair), is_outline=True)
    degrees = _number(region.get("rotation") or 0, "rotation", where)
    x, y = _pixels([region.get("x"), region.get("y")], size, "x, y", where)
    if kind == "ellipse":
        radii = [region.get("radiusX"), region.get("radiusY")]
        radius_x, radius_y = _pixels(radii, size, "radiusX, radiusY", where)
        return Shape(ring=ellipse(x, y, radius_x, radius_y, degrees), is_outline=True)
    sides = [region.get("width"), region.get("height")]
    width, height = _pixels(sides, size, "width, height", where)
    return Shape(ring=turned(corners_of(x, y, x + width, y + height), x, y, degrees))


def point_of(region: Mapping[str, Any], size: tuple[int, int], where: str) -> Keypoint:
    """A visible keypoint."""
    x, y = _pixels([region.get("x"), region.get("y")], size, "x, y", where)
    return (x, y, 2)


def raise_if_brush(regions: Sequence[Mapping[str, Any]], where: str) -> None:
    """Refuse strokes of a brush, which are pictures in a coding of Label Studio's own.

    Raises:
        DataError: A region holds one.
    """
    if any("rle" in region or "brushlabels" in region for region in regions):
        raise DataError(
            f"{where}: Label Studio's brush masks (brushlabels) are not read from its JSON: export "
            "them from it as PNG."
        )


def _pixels(percentages: Any, size: tuple[int, int], name: str, where: str) -> tuple[float, float]:
    if not is_numbers(percentages, 2):
        raise DataError(f"{where}: {name} {shown(percentages)}, expected two finite numbers.")
    found = (percentages[0] * size[0] / 100, percentages[1] * size[1] / 100)
    check_finite(found, f"{where}: {name}")
    return found


def _number(value: Any, name: str, where: str) -> float:
    if not is_numbers([value]):
        raise DataError(f"{where}: {name} {shown(value)}, expected a finite number.")
    return float(value)
