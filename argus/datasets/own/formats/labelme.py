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
from typing import Any

from argus.datasets.checks.coco_entries import is_numbers, shown
from argus.datasets.own.formats.format import Clue, Format, Options
from argus.datasets.own.formats.one_file_each import once
from argus.datasets.own.formats.shapes import (
    NO_CLASSES,
    Shape,
    ellipse,
    joined,
    pasted,
    record,
)
from argus.datasets.own.record import OwnData, OwnObject, OwnPicture
from argus.datasets.own.texts import read_json
from argus.datasets.own.tree import Tree, folder_of, part_of, stem_of
from argus.datasets.transforms.label_images import decode_label_map
from argus.errors import DataError
from argus.names.wording import counted, listed

_MAX_BYTES = 256 * 2**20  # with the picture inside
_KEYS = (b'"shapes"', b'"imagePath"')
_LOOKED_AT = 5


def _clue(tree: Tree) -> Clue | None:
    files = _files(tree)
    if not files:
        return None
    return Clue(
        sure=True,
        why=f"{counted(len(files), 'JSON file')} with shapes and imagePath, e.g. {files[0]}",
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
    named: list[tuple[str, OwnPicture]] = []
    missing: list[str] = []
    points: dict[str, None] = {}
    for name in _files(tree):
        picture = _picture(tree, name, left_out, points)
        if picture is None:
            missing.append(name)
        else:
            named.append((name, picture))
    pictures = once(named, missing)
    if not pictures:
        raise DataError(
            f"{tree.given}: none of the pictures that "
            f"{counted(len(missing), 'file names', 'files name')} is there: {listed(missing[:3])}. "
            "Pictures inside the files are not read."
        )
    notes = [
        f"{counted(number, 'shape is', 'shapes are')} {kind}: left out"
        for kind, number in left_out.items()
    ]
    if missing:
        notes.append(
            f"{counted(len(missing), 'file names a', 'files name a')} picture that is not there: "
            f"{listed(missing[:5])}"
        )
    return record(
        tree,
        pictures,
        format=FORMAT.name,
        kind=options.kind,
        points=tuple(points),
        notes=notes,
    )


def _picture(
    tree: Tree, name: str, left_out: Counter[str], points: dict[str, None]
) -> OwnPicture | None:
    path = tree.path(name)
    content = read_json(path, most=_MAX_BYTES)
    if not isinstance(content, dict) or not isinstance(content.get("shapes"), list):
        raise DataError(f"{path}: labelme's file without a list of shapes.")
    stated = content.get("imagePath")
    folder = folder_of(name)
    near: dict[str, Any] = dict(near=folder, part=part_of(folder))
    found = tree.find(stated, **near) if isinstance(stated, str) else None
    found = found or tree.find_stem(f"{folder}/{stem_of(name)}", **near)
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
        if shape["label"] in NO_CLASSES:
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
        raise DataError(f"{where}: a {kind} has {counted(len(corners), 'point')}, expected two.")
    return str(kind), corners


def _object(
    parts: Sequence[Mapping[str, Any]],
    size: tuple[int, int] | None,
    path: Any,
    joints: Mapping[str, tuple[float, float, int]],
    points: dict[str, None],
) -> OwnObject:
    shapes = []
    for shape in parts:
        corners, kind = shape["points"], shape.get("shape_type") or "polygon"
        ring = tuple(float(value) for corner in corners for value in corner)
        if kind == "circle":  # around its first point, through the second
            radius = math.hypot(ring[2] - ring[0], ring[3] - ring[1])
            ring = ellipse(ring[0], ring[1], radius, radius)
        rle = _stored_mask(shape, size, path) if kind == "mask" and size is not None else None
        shapes.append(Shape(ring=ring, is_outline=kind in ("polygon", "circle"), rle=rle))
    known = [joints.get(name, (0.0, 0.0, 0)) for name in points] if joints else []
    return joined(parts[0]["label"], shapes, known)


def _stored_mask(shape: Mapping[str, Any], size: tuple[int, int], path: Any) -> dict[str, Any]:
    """The mask that a shape holds as PNG, from its upper left corner."""
    try:
        pixels = decode_label_map(base64.b64decode(str(shape.get("mask")), validate=True))
    except (DataError, binascii.Error, ValueError) as error:
        raise DataError(f"{path}: a mask that is no PNG: {error}") from error
    left, top = (max(0, round(min(values))) for values in zip(*shape["points"], strict=True))
    return pasted(pixels, left, top, size)


FORMAT = Format(
    name="labelme",
    title="labelme JSON",
    clue=_clue,
    read=_read,
    kinds=("instance", "detection", "semantic", "keypoints", "classification", "tags"),
)
