"""labelme's JSON, a file beside each picture: https://github.com/wkentaro/labelme.

``shapes`` with ``label``, ``points`` in pixels and ``shape_type``; shapes of one ``group_id`` and
label are parts of one object; points of the group of an object are its keypoints; ``flags`` of the
picture are its classes. ``labels.txt`` and ``flags.txt`` give the classes an order.
"""

import base64
import binascii
import math
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from pycocotools import mask as masks

from argus.datasets.checks.coco_entries import is_numbers, shown
from argus.datasets.own.formats.coco_objects import box_of
from argus.datasets.own.formats.format import Clue, Format, Options
from argus.datasets.own.record import OwnData, OwnObject, OwnPicture, sorted_pictures
from argus.datasets.own.texts import read_json, read_lines
from argus.datasets.own.tree import Tree, folder_of, part_of, stem_of
from argus.datasets.transforms.label_images import decode_label_map
from argus.errors import DataError
from argus.names.wording import listed

_MAX_BYTES = 256 * 2**20  # with the picture inside
_CIRCLE_CORNERS = 64
_NO_CLASSES = ("__ignore__", "_background_")
_KEYS = (b'"shapes"', b'"imagePath"')
_LOOKED_AT = 5


def _clue(tree: Tree) -> Clue | None:
    files = _files(tree)
    if not files:
        return None
    return Clue(
        sure=True, why=f"{len(files):,} JSON files with shapes and imagePath, e.g. {files[0]}"
    )


def _files(tree: Tree) -> list[str]:
    candidates = tree.with_suffix(".json")
    some = candidates[:: max(1, len(candidates) // _LOOKED_AT)][:_LOOKED_AT]
    if not any(_is_labelme(tree, name) for name in some):
        return []
    return [name for name in candidates if _is_labelme(tree, name)]


def _is_labelme(tree: Tree, name: str) -> bool:
    with tree.path(name).open("rb") as file:
        content = file.read(_MAX_BYTES)
    return all(key in content for key in _KEYS)


def _read(tree: Tree, options: Options) -> OwnData:
    left_out: Counter[str] = Counter()
    pictures, missing = [], []
    points: dict[str, None] = {}
    for name in _files(tree):
        picture = _picture(tree, name, left_out, points)
        if picture is None:
            missing.append(name)
        else:
            pictures.append(picture)
    if not pictures:
        raise DataError(
            f"{tree.given}: none of the pictures that labelme's {len(missing):,} files name is "
            f"there: {listed(missing[:3])}. Pictures inside the files are not read."
        )
    notes = [f"{number:,} shapes are {kind}: left out" for kind, number in left_out.items()]
    if missing:
        notes.append(
            f"{len(missing):,} files name a picture that is not there: {listed(missing[:5])}"
        )
    return _data(tree, pictures, tuple(points), notes)


def _data(
    tree: Tree, pictures: list[OwnPicture], points: tuple[str, ...], notes: list[str]
) -> OwnData:
    pictures = [_filled(picture, len(points)) for picture in pictures]
    objects = [one for picture in pictures for one in picture.objects]
    flags = [name for picture in pictures for name in picture.labels or ()]
    kinds: list[str] = []
    if any(one.keypoints for one in objects):
        kinds.append("keypoints")
    with_mask = sum(one.has_mask for one in objects)
    if objects:
        kinds += ["instance", "detection", "semantic"] if with_mask * 2 >= len(objects) else []
        kinds += ["detection"]
        kinds += ["instance", "semantic"] if with_mask else []
    if flags:
        single = all(len(picture.labels or ()) == 1 for picture in pictures)
        kinds += ["classification", "tags"] if single else ["tags"]
    if with_mask and with_mask < len(objects):
        number = len(objects) - with_mask
        notes.append(f"{number:,} of {len(objects):,} objects have a box and no outline")
    found = {one.name for one in objects} if objects else set(flags)
    return OwnData(
        format=FORMAT.name,
        root=tree.root,
        pictures=sorted_pictures(pictures),
        classes=_in_order(tree, found, "labels.txt" if objects else "flags.txt"),
        kinds=tuple(dict.fromkeys(kinds)),
        keypoints=points if "keypoints" in kinds else (),
        notes=tuple(notes),
    )


def _filled(picture: OwnPicture, number: int) -> OwnPicture:
    """With as many keypoints for every object; names that came later stand at the end."""
    objects = [
        replace(one, keypoints=one.keypoints + ((0.0, 0.0, 0),) * (number - len(one.keypoints)))
        if one.keypoints
        else one
        for one in picture.objects
    ]
    return replace(picture, objects=tuple(objects))


def _in_order(tree: Tree, found: set[str], file: str) -> tuple[str, ...]:
    """The classes of the list beside the data, if it has all that are used; else by name."""
    for name in tree.named(file):
        lines = [line for line in read_lines(tree.path(name)) if line not in _NO_CLASSES]
        if found <= set(lines):
            return tuple(dict.fromkeys(lines))
    return tuple(sorted(found))


def _picture(
    tree: Tree, name: str, left_out: Counter[str], points: dict[str, None]
) -> OwnPicture | None:
    path = tree.path(name)
    content = read_json(path, most=_MAX_BYTES)
    if not isinstance(content, dict) or not isinstance(content.get("shapes"), list):
        raise DataError(f"{path}: labelme's file without a list of shapes.")
    stated = content.get("imagePath")
    found = tree.find(stated, near=folder_of(name)) if isinstance(stated, str) else None
    found = found or tree.find_stem(f"{folder_of(name)}/{stem_of(name)}")
    if found is None:
        return None
    sides: list[Any] = [content.get("imageWidth"), content.get("imageHeight")]
    size = (int(sides[0]), int(sides[1])) if is_numbers(sides) and min(sides) > 0 else None
    flags = content.get("flags")
    chosen = [k for k, v in flags.items() if v is True] if isinstance(flags, dict) else []
    return OwnPicture(
        path=found,
        size=size,
        part=part_of(folder_of(found)),
        objects=tuple(_objects(content["shapes"], size, path, left_out, points)),
        labels=tuple(map(str, chosen)) if flags else None,
    )


def _objects(
    shapes: Sequence[Any],
    size: tuple[int, int] | None,
    path: Any,
    left_out: Counter[str],
    points: dict[str, None],
) -> list[OwnObject]:
    groups: dict[Any, list[Mapping[str, Any]]] = defaultdict(list)
    joints: dict[Any, dict[str, tuple[float, float, int]]] = defaultdict(dict)
    for number, shape in enumerate(shapes, start=1):
        where = f"{path}: shape {number}"
        kind, corners = _checked(shape, where)
        group = shape.get("group_id")
        group = group if isinstance(group, (int, str)) else None
        if shape["label"] in _NO_CLASSES:
            left_out["of no class"] += 1
        elif kind == "point" and group is not None:
            joints[group][shape["label"]] = (corners[0][0], corners[0][1], 2)
        elif kind not in ("polygon", "rectangle", "circle", "mask"):
            left_out[f"a {kind}"] += 1
        else:
            key = (group, shape["label"]) if group is not None else ("", number)
            groups[key].append(shape)
    owners = {key[0] for key in groups}
    for group, found in joints.items():
        if group in owners:
            points.update(dict.fromkeys(found))
        else:
            left_out["a point"] += len(found)
    return [
        _object(parts, size, path, joints.get(key[0], {}), points) for key, parts in groups.items()
    ]


def _checked(shape: Any, where: str) -> tuple[str, list[list[float]]]:
    if not isinstance(shape, dict) or not isinstance(shape.get("label"), str):
        raise DataError(f"{where}: expected a label and points, found {shown(shape)}.")
    kind = shape.get("shape_type") or "polygon"
    corners = shape.get("points")
    if (
        not isinstance(corners, list)
        or not corners
        or not all(is_numbers(corner, 2) for corner in corners)
    ):
        raise DataError(f"{where}: points {shown(corners)}, expected pairs of finite numbers.")
    if kind in ("rectangle", "circle", "mask") and len(corners) < 2:
        raise DataError(f"{where}: a {kind} has {len(corners)} points, expected two.")
    return str(kind), corners


def _object(
    parts: Sequence[Mapping[str, Any]],
    size: tuple[int, int] | None,
    path: Any,
    joints: Mapping[str, tuple[float, float, int]],
    points: dict[str, None],
) -> OwnObject:
    rings: list[tuple[float, ...]] = []
    boxes: list[tuple[float, ...]] = []
    rle = None
    for shape in parts:
        corners, kind = shape["points"], shape.get("shape_type") or "polygon"
        flat = tuple(float(value) for corner in corners for value in corner)
        if kind == "polygon":
            if len(flat) >= 6:
                rings.append(flat)
        elif kind == "circle":
            flat = _circle(*flat[:4])
            rings.append(flat)
        elif kind == "mask" and size is not None:
            rle = _stored_mask(shape, size, path)
        boxes.append(box_of([flat], None) or ())
    xs1, ys1, xs2, ys2 = zip(*boxes, strict=True)
    return OwnObject(
        name=parts[0]["label"],
        box=(min(xs1), min(ys1), max(xs2), max(ys2)),
        polygons=() if rle is not None else tuple(rings),
        rle=rle,
        keypoints=tuple(joints.get(name, (0.0, 0.0, 0)) for name in points) if joints else (),
    )


def _circle(x: float, y: float, edge_x: float, edge_y: float) -> tuple[float, ...]:
    """A circle around x, y through another point, as a polygon."""
    radius = math.hypot(edge_x - x, edge_y - y)
    angles = [2 * math.pi * i / _CIRCLE_CORNERS for i in range(_CIRCLE_CORNERS)]
    return tuple(
        value
        for angle in angles
        for value in (x + radius * math.cos(angle), y + radius * math.sin(angle))
    )


def _stored_mask(shape: Mapping[str, Any], size: tuple[int, int], path: Any) -> dict[str, Any]:
    """The mask that a shape holds as PNG, from its upper left corner."""
    try:
        pixels = decode_label_map(base64.b64decode(str(shape.get("mask")), validate=True))
    except (DataError, binascii.Error, ValueError) as error:
        raise DataError(f"{path}: a mask that is no PNG: {error}") from error
    whole = np.zeros((size[1], size[0]), np.uint8, order="F")
    left, top = (max(0, round(min(values))) for values in zip(*shape["points"], strict=True))
    part = whole[top : top + pixels.shape[0], left : left + pixels.shape[1]]
    part[...] = pixels[: part.shape[0], : part.shape[1]] > 0
    coded = masks.encode(whole)
    return dict(size=list(coded["size"]), counts=coded["counts"].decode())


FORMAT = Format(
    name="labelme",
    title="labelme JSON",
    clue=_clue,
    read=_read,
    kinds=("instance", "detection", "semantic", "keypoints", "classification", "tags"),
)
