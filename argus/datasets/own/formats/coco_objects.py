"""One entry of an annotation file in COCO's format, as an object of the record."""

import contextlib
from array import array
from collections.abc import Mapping, Sequence
from typing import Any

from pycocotools import mask as masks

from argus.datasets.checks.coco_entries import is_id, is_numbers, shown
from argus.datasets.checks.coco_masks import segmentation_problem
from argus.datasets.own.formats.turned_boxes import upright
from argus.datasets.own.record import OwnObject
from argus.datasets.own.ring import Ring
from argus.errors import DataError


def with_arrays(entry: dict[str, Any]) -> dict[str, Any]:
    """An entry whose polygons are arrays, while a file is parsed.

    As Python's numbers the outlines of a large file would take most of the memory, four times what
    is kept of them. What is no list of numbers stays, to be named by who reads the entry.
    """
    rings = entry.get("segmentation")
    if isinstance(rings, list) and rings and all(isinstance(ring, list) for ring in rings):
        with contextlib.suppress(TypeError, OverflowError):
            entry["segmentation"] = [array("d", ring) for ring in rings]
    return entry


def read_segments(
    infos: Sequence[Any], names: Mapping[Any, str], where: str
) -> list[Mapping[str, Any]]:
    """The segments of a panoptic map.

    Raises:
        DataError: One has no number, no area or no category of the file.
    """
    segments: list[Mapping[str, Any]] = []
    for info in infos:
        if (
            not isinstance(info, dict)
            or not is_id(info.get("id"))
            or not is_id(info.get("category_id"))
            or info["category_id"] not in names
        ):
            raise DataError(f"{where}: a segment without id or of no category: {shown(info)}.")
        if not isinstance(info["id"], int) or not is_numbers([info.get("area")]):
            raise DataError(f"{where}: a segment needs a whole number as id, and an area.")
        segments.append(
            dict(
                id=info["id"],
                name=names[info["category_id"]],
                area=int(info["area"]),
                is_crowd=bool(info.get("iscrowd")),
            )
        )
    return segments


def read_object(
    entry: Mapping[str, Any],
    name: str,
    size: tuple[int, int] | None,
    num_keypoints: int,
    where: str,
) -> OwnObject:
    """An object, or a class of the picture where it has neither box nor outline.

    Args:
        entry: As it is in the file.
        name: Of its category.
        size: Width and height of the picture, if the file says them.
        num_keypoints: That its category names; 0 if it names none.
        where: For messages.

    Raises:
        DataError: It has another form than COCO's.
    """
    width, height = size or (1_000_000, 1_000_000)
    outline = entry.get("segmentation") or None
    problem = segmentation_problem(outline, height, width)
    if problem:
        raise DataError(f"{where}: {problem}.")
    rle: dict[str, Any] | None = None
    polygons: tuple[Ring, ...] = ()
    if isinstance(outline, dict):
        rle = _compressed(outline)
    elif outline:
        # Fewer than three corners enclose nothing, and pycocotools takes four numbers for a box.
        polygons = tuple(Ring(ring) for ring in outline if len(ring) >= 6)
    box = entry.get("bbox")
    if not box:
        corners = box_of(polygons, rle)
    elif not is_numbers(box, 4):
        raise DataError(
            f"{where}: bbox {shown(box)}, expected [x, y, width, height], four finite numbers."
        )
    else:
        x, y, w, h = map(float, box)
        corners = (x, y, x + w, y + h)
        if rle is None and not polygons:
            corners = upright(corners, rotation_of(entry))
    area = entry.get("area")
    return OwnObject(
        name=name,
        box=corners,
        polygons=polygons,
        rle=rle,
        keypoints=_points(entry.get("keypoints"), num_keypoints, where),
        is_crowd=bool(entry.get("iscrowd")),
        area=float(area) if isinstance(area, (int, float)) and area > 0 else None,
    )


def rotation_of(entry: Mapping[str, Any]) -> Any:
    """By how many degrees CVAT says that a box is turned; ``None`` if nothing is said."""
    attributes = entry.get("attributes")
    return attributes.get("rotation") if isinstance(attributes, dict) else None


def _compressed(outline: Mapping[str, Any]) -> dict[str, Any]:
    """Run lengths as text, which every reader takes."""
    size, counts = [int(side) for side in outline["size"]], outline["counts"]
    if isinstance(counts, list):
        counts = masks.frPyObjects(dict(size=size, counts=counts), *size)["counts"]
    return dict(size=size, counts=counts.decode() if isinstance(counts, bytes) else counts)


def box_of(
    polygons: Sequence[Sequence[float]], rle: Mapping[str, Any] | None
) -> tuple[float, float, float, float] | None:
    """The box around outlines, x1, y1, x2, y2; ``None`` if there are none."""
    if rle is not None:
        x, y, w, h = map(float, masks.toBbox(dict(rle)))
        return (x, y, x + w, y + h)
    if not polygons:
        return None
    xs = [value for ring in polygons for value in ring[::2]]
    ys = [value for ring in polygons for value in ring[1::2]]
    return (min(xs), min(ys), max(xs), max(ys))


def _points(values: Any, number: int, where: str) -> tuple[tuple[float, float, int], ...]:
    if not values:
        return ()
    if not is_numbers(values) or len(values) % 3 or (number and len(values) != 3 * number):
        expected = 3 * number if number else "x, y, visibility of each"
        raise DataError(f"{where}: keypoints {shown(values)}, expected {expected} finite numbers.")
    flags = values[2::3]
    wrong = [flag for flag in flags if flag not in (0, 1, 2)]
    if wrong:
        raise DataError(f"{where}: visibility {shown(wrong[0])} of a keypoint, expected 0, 1 or 2.")
    xs, ys = values[::3], values[1::3]
    points = tuple((float(x), float(y), int(v)) for x, y, v in zip(xs, ys, flags, strict=True))
    return points if any(flags) else ()
