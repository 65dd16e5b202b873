"""Shapes that a person draws with a tool, in pixels, and the objects of the record they become.

labelme, CVAT and Label Studio have them in common: polygons, circles and ellipses, boxes that may
be turned, pasted masks, points, and groups of these that are one object. Angles are in degrees,
clockwise as the picture is seen.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from pycocotools import mask as masks

from argus.datasets.own.formats.coco_objects import box_of
from argus.datasets.own.formats.turned_boxes import Ring, turned
from argus.datasets.own.record import Keypoint, OwnData, OwnObject, OwnPicture, sorted_pictures
from argus.datasets.own.texts import read_lines
from argus.datasets.own.tree import Tree
from argus.errors import DataError
from argus.names.wording import counted

_ELLIPSE_CORNERS = 64
NO_CLASSES = ("__ignore__", "_background_")
_OF_PICTURES = ("classification", "tags")


@dataclass(frozen=True, kw_only=True)
class Shape:
    """One shape.

    Args:
        ring: Its corners x, y, x, y, ...; those of its box where that is all that is known.
        is_outline: Whether the corners are the outline of the object.
        rle: Mask instead of them, as COCO has it.
    """

    ring: Ring = ()
    is_outline: bool = False
    rle: Mapping[str, Any] | None = None


def joined(name: str, shapes: Sequence[Shape], keypoints: Sequence[Keypoint] = ()) -> OwnObject:
    """The object of several shapes, or of points alone, around which its box then lies.

    Args:
        name: Of its class.
        shapes: Its parts; at least one, or a labelled point.
        keypoints: Its points.
    """
    rings = [shape.ring for shape in shapes if shape.is_outline and len(shape.ring) >= 6]
    stored = [dict(shape.rle) for shape in shapes if shape.rle is not None]
    boxes = [box_of([s.ring], None) if s.ring else box_of((), s.rle) for s in shapes]
    known = [box for box in boxes if box is not None]
    known = known or [(x, y, x, y) for x, y, visibility in keypoints if visibility]
    xs1, ys1, xs2, ys2 = zip(*known, strict=True)
    return OwnObject(
        name=name,
        box=(min(xs1), min(ys1), max(xs2), max(ys2)),
        polygons=() if stored else tuple(rings),
        rle=_merged(stored, rings) if stored else None,
        keypoints=tuple(keypoints),
    )


def _merged(stored: list[dict[str, Any]], rings: Sequence[Ring]) -> dict[str, Any]:
    if len(stored) == 1 and not rings:
        return stored[0]
    height, width = stored[0]["size"]
    drawn = masks.frPyObjects([list(ring) for ring in rings], height, width) if rings else []
    return _as_text(masks.merge([*stored, *drawn]))


def _as_text(coded: Mapping[str, Any]) -> dict[str, Any]:
    return dict(size=list(coded["size"]), counts=coded["counts"].decode())


def ellipse(x: float, y: float, radius_x: float, radius_y: float, degrees: float = 0.0) -> Ring:
    """An ellipse around a point, as a polygon."""
    angles = [2 * math.pi * i / _ELLIPSE_CORNERS for i in range(_ELLIPSE_CORNERS)]
    upright = tuple(
        value
        for angle in angles
        for value in (x + radius_x * math.cos(angle), y + radius_y * math.sin(angle))
    )
    return turned(upright, x, y, degrees)


def pasted(pixels: np.ndarray, left: int, top: int, size: tuple[int, int]) -> dict[str, Any]:
    """A mask that begins somewhere in a picture, as run lengths of the whole.

    Args:
        pixels: (h, w); what is above 0 belongs to the object, what lies outside is cut off.
        left: Its first column in the picture, 0 or more.
        top: Its first row, 0 or more.
        size: Width and height of the picture.
    """
    whole = np.zeros((size[1], size[0]), np.uint8, order="F")
    part = whole[top : top + pixels.shape[0], left : left + pixels.shape[1]]
    part[...] = pixels[: part.shape[0], : part.shape[1]] > 0
    return _as_text(masks.encode(whole))


def filled(picture: OwnPicture, number: int) -> OwnPicture:
    """With as many keypoints for every object; names that came later stand at the end."""
    objects = [
        replace(one, keypoints=one.keypoints + ((0.0, 0.0, 0),) * (number - len(one.keypoints)))
        if one.keypoints
        else one
        for one in picture.objects
    ]
    return replace(picture, objects=tuple(objects))


def has_area(one: OwnObject) -> bool:
    """Whether its box is more than a line."""
    return one.box is not None and one.box[0] < one.box[2] and one.box[1] < one.box[3]


def check_finite(values: Sequence[float], where: str) -> None:
    """Refuse what is no place in a picture.

    Raises:
        DataError: A number is not finite, or beyond any picture.
    """
    if not all(abs(value) < 1e7 for value in values):
        raise DataError(f"{where}: expected finite pixels, found {[*values][:8]}.")


def record(
    tree: Tree,
    pictures: Sequence[OwnPicture],
    *,
    format: str,
    kind: str | None,
    points: Sequence[str],
    notes: Sequence[str],
    classes: Sequence[str] = (),
    skeleton: Sequence[tuple[int, int]] = (),
) -> OwnData:
    """A data set of such pictures, with what its labels are good for.

    Args:
        tree: The folder.
        pictures: Those that have labels.
        format: Name of the format.
        kind: What is asked for: classes are those of objects, or of pictures as a whole.
        points: Names of the keypoints.
        notes: What a person should know.
        classes: That the data state, in their order; a list beside the data by default.
        skeleton: Pairs of keypoints that are connected.
    """
    pictures = [filled(picture, len(points)) for picture in pictures]
    objects = [one for picture in pictures for one in picture.objects]
    labels = [name for picture in pictures for name in picture.labels or ()]
    with_mask = sum(one.has_mask for one in objects)
    notes = list(notes)
    if with_mask and with_mask < len(objects):
        number = len(objects) - with_mask
        notes.append(f"{number:,} of {counted(len(objects), 'object')} have a box and no outline")
    kinds = _kinds(pictures, objects, with_mask, bool(labels))
    of_pictures = not objects or (kind in _OF_PICTURES and bool(labels))
    found = set(labels) if of_pictures else {one.name for one in objects}
    lists = ("flags.txt",) if of_pictures else ("labels.txt", "classes.txt")
    stated = [name for name in dict.fromkeys(classes) if name in found or not labels]
    return OwnData(
        format=format,
        root=tree.root,
        pictures=sorted_pictures(pictures),
        classes=tuple(stated) if found <= set(stated) else _in_order(tree, found, lists),
        kinds=kinds,
        keypoints=tuple(points) if "keypoints" in kinds else (),
        skeleton=tuple(skeleton) if "keypoints" in kinds else (),
        notes=tuple(notes),
    )


def _kinds(
    pictures: Sequence[OwnPicture], objects: Sequence[OwnObject], with_mask: int, has_labels: bool
) -> tuple[str, ...]:
    kinds: list[str] = []
    with_points = sum(bool(one.keypoints) for one in objects)
    if with_points and with_points * 2 >= len(objects):
        kinds.append("keypoints")
    if objects:
        kinds += ["instance", "detection", "semantic"] if with_mask * 2 >= len(objects) else []
        kinds += ["detection"]
        kinds += ["instance", "semantic"] if with_mask else []
    if with_points:
        kinds.append("keypoints")
    if has_labels:
        single = all(len(picture.labels or ()) == 1 for picture in pictures)
        kinds += ["classification", "tags"] if single else ["tags"]
    return tuple(dict.fromkeys(kinds))


def _in_order(tree: Tree, found: set[str], lists: Sequence[str]) -> tuple[str, ...]:
    """The classes of a list beside the data, if it has all that are used; else by name."""
    for name in tree.named(*lists):
        lines = [line for line in read_lines(tree.path(name)) if line not in NO_CLASSES]
        if found <= set(lines):
            return tuple(dict.fromkeys(lines))
    return tuple(sorted(found))
