"""What the elements of an image in CVAT's XML hold, as shapes, keypoints and sizes in pixels."""

import html
import re
from collections.abc import Mapping, Sequence
from typing import Any
from xml.etree.ElementTree import Element

import numpy as np

from argus.datasets.own.formats.shapes import Shape, check_finite, ellipse, pasted
from argus.datasets.own.formats.turned_boxes import corners_of, turned
from argus.datasets.own.record import Keypoint
from argus.errors import DataError
from argus.names.wording import counted, listed

_MAX_SIDE = 100_000


def shape_of(item: Element, size: tuple[int, int], where: str) -> Shape:
    """A box, polygon, ellipse or mask; boxes and ellipses turn around their middle.

    Args:
        item: The element.
        size: Width and height of the picture.
        where: For messages.

    Raises:
        DataError: Its numbers are none, or make no sense in the picture.
    """
    if item.tag == "mask":
        return Shape(rle=_mask(item, size, where))
    if item.tag == "polygon":
        return Shape(ring=pairs_of(item, where), is_outline=True)
    degrees = angle_of(item, where)
    if item.tag == "ellipse":
        x, y, radius_x, radius_y = _numbers(item, ("cx", "cy", "rx", "ry"), where)
        return Shape(ring=ellipse(x, y, abs(radius_x), abs(radius_y), degrees), is_outline=True)
    assert item.tag == "box", item.tag
    x1, y1, x2, y2 = _numbers(item, ("xtl", "ytl", "xbr", "ybr"), where)
    return Shape(ring=turned(corners_of(x1, y1, x2, y2), (x1 + x2) / 2, (y1 + y2) / 2, degrees))


def angle_of(item: Element, where: str) -> float:
    """By how many degrees a shape is turned, clockwise."""
    return _numbers(item, ("rotation",), where)[0] if item.get("rotation") else 0.0


def size_of(image: Element, where: str) -> tuple[int, int]:
    """Width and height of an image."""
    width, height = _numbers(image, ("width", "height"), where)
    if not (0 < width <= _MAX_SIDE and 0 < height <= _MAX_SIDE):
        raise DataError(f"{where}: a picture of {width:g} x {height:g} pixels.")
    return int(width), int(height)


def _numbers(item: Element, names: Sequence[str], where: str) -> tuple[float, ...]:
    try:
        values = tuple(float(item.get(name) or "") for name in names)
    except ValueError as error:
        raise DataError(
            f"{where}: {item.tag}: expected {', '.join(names)} as numbers, found "
            f"{[item.get(name) for name in names]}."
        ) from error
    check_finite(values, f"{where}: {item.tag}")
    return values


def pairs_of(item: Element, where: str) -> tuple[float, ...]:
    """``points`` as x, y, x, y, ..."""
    stated = item.get("points") or ""
    try:
        pairs = [tuple(map(float, pair.split(","))) for pair in stated.split(";")]
    except ValueError:
        pairs = [()]
    if not all(len(pair) == 2 for pair in pairs):
        raise DataError(f"{where}: {item.tag}: points {stated!r:.60}, expected x,y;x,y;... .")
    values = tuple(value for pair in pairs for value in pair)
    check_finite(values, f"{where}: {item.tag}")
    return values


def num_points(item: Element) -> int:
    """How many points an element names, whatever they are."""
    return len((item.get("points") or "").split(";"))


def joints_of(item: Element, names: Sequence[str], where: str) -> tuple[Keypoint, ...]:
    """The points of a skeleton in their order: 2 visible, 1 hidden, 0 not in the picture."""
    found: Mapping[str, Element] = {
        point.get("label") or "": point for point in item.iterfind("points")
    }
    strays = set(found) - set(names)
    if strays:
        raise DataError(f"{where}: a skeleton with points of no label: {listed(sorted(strays))}.")
    keypoints: list[Keypoint] = []
    for name in names:
        point = found.get(name)
        if point is None or point.get("outside") == "1":
            keypoints.append((0.0, 0.0, 0))
            continue
        x, y = pairs_of(point, where)[:2]
        keypoints.append((x, y, 1 if point.get("occluded") == "1" else 2))
    return tuple(keypoints)


def _mask(item: Element, size: tuple[int, int], where: str) -> dict[str, Any]:
    """Run lengths of the rows of a rectangle, as COCO's of the whole picture."""
    sides = _numbers(item, ("left", "top", "width", "height"), where)
    left, top, width, height = (int(value) for value in sides)
    try:
        runs = np.array([int(run) for run in (item.get("rle") or "").split(",")], np.int64)
    except (ValueError, OverflowError) as error:
        raise DataError(f"{where}: mask: rle: expected whole numbers with commas.") from error
    inside = 0 <= left <= left + width <= size[0] and 0 <= top <= top + height <= size[1]
    if not inside or min(width, height) < 1:
        raise DataError(
            f"{where}: mask: {width} x {height} pixels from {left}, {top} of a picture of "
            f"{size[0]} x {size[1]}."
        )
    # A run beyond the rectangle would ask for any amount of memory.
    if (runs < 0).any() or (runs > width * height).any() or runs.sum() != width * height:
        raise DataError(
            f"{where}: mask: rle has {counted(runs.sum(), 'pixel')}, its rectangle "
            f"{width * height:,}."
        )
    values = np.arange(len(runs)) % 2
    return pasted(np.repeat(values, runs).reshape(height, width), left, top, size)


def edges_of(drawing: str, names: Sequence[str]) -> tuple[tuple[int, int], ...]:
    """The lines of a skeleton's drawing, as pairs of its points from 0."""
    nodes = {}
    for circle in re.findall(r"<circle\b[^>]*>", drawing):
        node, label = (
            re.search(rf'{key}="([^"]*)"', circle) for key in ("data-node-id", "data-label-name")
        )
        if node and label and html.unescape(label.group(1)) in names:
            nodes[node.group(1)] = names.index(html.unescape(label.group(1)))
    found = []
    for line in re.findall(r"<line\b[^>]*>", drawing):
        ends = [re.search(rf'data-node-{key}="([^"]*)"', line) for key in ("from", "to")]
        places = [nodes.get(end.group(1)) if end else None for end in ends]
        if places[0] is not None and places[1] is not None:
            found.append((places[0], places[1]))
    return tuple(found)
