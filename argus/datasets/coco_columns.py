"""An annotation file in COCO's format read into columns, a piece at a time.

Parsed as a whole, COCO's 450 MB become fifty million Python floats of 24 bytes. Here the entries
are told apart first, and parsed some thousands at a time into typed records whose coordinates are
packed at once. It takes the files that are as COCO's own; any other, and any that is not in order,
is left to the reader that says what is wrong.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import chain
from pathlib import Path
from typing import Any

import msgspec
import numpy as np

from argus.datasets.checks.coco_entries import category_problem, image_problem
from argus.datasets.checks.coco_masks import segmentation_problem
from argus.datasets.compact_instances import encode
from argus.files.foreign import raise_if_foreign
from argus.files.regular import check_regular_file

PIECE = 4096
"""Annotations that are parsed at a time."""
_MAX_NUMBER = 10_000_000
_EXACT = 2**53  # whole numbers below are floats as well


class _File(msgspec.Struct, gc=False):
    images: list[Any]
    annotations: list[msgspec.Raw]
    categories: list[Any]


class _Annotation(msgspec.Struct, gc=False):
    id: int
    image_id: int
    category_id: int
    bbox: tuple[float, float, float, float]
    area: float
    iscrowd: int = 0
    ignore: bool | int | None = None
    segmentation: list[list[float]] | dict[str, Any] | None = None


@dataclass
class CocoMasks:
    """The masks of annotations, in their order.

    Args:
        num_polygons: Of each, by piece of :data:`PIECE` annotations; -1 for a mask that is none.
        spans: (n, 4) of each piece: where in ``numbers`` the coordinates of an annotation begin and
            end, and in ``lengths`` the lengths of its polygons, in bytes.
        lengths: How many numbers each polygon has, int32, by piece.
        numbers: Coordinates, by piece.
        codes: How they are stored, as ``argus.datasets.compact_instances`` has it, by piece.
        others: Masks that are none of polygons, by the place of the annotation.
    """

    num_polygons: list[np.ndarray] = field(default_factory=list)
    spans: list[np.ndarray] = field(default_factory=list)
    lengths: list[bytes] = field(default_factory=list)
    numbers: list[bytes] = field(default_factory=list)
    codes: list[str] = field(default_factory=list)
    others: dict[int, Any] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class CocoColumns:
    """The content of a file; the columns are over its annotations, in their order.

    Args:
        images: As they are in the file.
        categories: Likewise.
        image: Place of each annotation's image.
        category: Its ``category_id``.
        box: (n, 4) x, y, width, height in pixels.
        area: In square pixels.
        is_crowd: Whether it is a crowd region.
        is_ignored: Whether it is marked to be ignored.
        masks: Their masks.
    """

    images: list[dict[str, Any]]
    categories: list[dict[str, Any]]
    image: np.ndarray
    category: np.ndarray
    box: np.ndarray
    area: np.ndarray
    is_crowd: np.ndarray
    is_ignored: np.ndarray
    masks: CocoMasks


def read_columns(path: str | Path) -> CocoColumns | None:
    """Read a file; ``None`` if it is none of those that are taken, whatever the reason."""
    try:
        check_regular_file(path)
        content = Path(path).read_bytes()
        raise_if_foreign(content, path)
        file = msgspec.json.decode(content, type=_File)
        del content
        return _columns(file) if _is_in_order(file) else None
    except (OSError, ValueError, OverflowError, RecursionError):  # msgspec's errors are ValueErrors
        return None


def _is_in_order(file: _File) -> bool:
    if any(map(image_problem, file.images)) or any(map(category_problem, file.categories)):
        return False
    for entries in (file.images, file.categories):
        ids = [entry["id"] for entry in entries]
        if len(set(ids)) < len(ids) or not all(type(identity) is int for identity in ids):
            return False
    names = {category["name"] for category in file.categories}
    if len(names) < len(file.categories):  # which of them is meant, their annotations say
        return False
    return bool(file.images) and bool(file.annotations)


def _columns(file: _File) -> CocoColumns | None:
    places = {image["id"]: place for place, image in enumerate(file.images)}
    known = {category["id"] for category in file.categories}
    if max(map(abs, known), default=0) >= _EXACT:
        return None
    # Within ten times the smallest picture a polygon needs no look at its own.
    reach = 10 * min(max(image["height"], image["width"]) for image in file.images)
    found = CocoMasks()
    ids: list[int] = []
    pieces: list[np.ndarray] = []
    for piece in _pieces(file.annotations):
        if not all(one.image_id in places and one.category_id in known for one in piece):
            return None
        images = [file.images[places[one.image_id]] for one in piece]
        if not _pack_masks(piece, found, images, reach):
            return None
        ids += [one.id for one in piece]
        rows = [
            (places[one.image_id], one.category_id, *one.bbox)
            + (one.area, one.iscrowd, bool(one.ignore))
            for one in piece
        ]
        pieces.append(np.array(rows, np.float64))
    table = np.concatenate(pieces)
    crowd = table[:, 7]
    is_fine = np.isin(crowd, (0, 1)).all() and (np.abs(table[:, 2:7]) <= _MAX_NUMBER).all()
    if not is_fine or len(np.unique(np.array(ids, np.int64))) < len(ids):
        return None
    return CocoColumns(
        images=file.images,
        categories=file.categories,
        image=table[:, 0].astype(np.int64),
        category=table[:, 1].astype(np.int64),
        box=np.ascontiguousarray(table[:, 2:6]),
        area=table[:, 6].copy(),
        is_crowd=crowd == 1,
        is_ignored=table[:, 8] == 1,
        masks=found,
    )


def _pieces(entries: list[msgspec.Raw]) -> Iterator[list[_Annotation]]:
    decoder = msgspec.json.Decoder(list[_Annotation])
    for first in range(0, len(entries), PIECE):
        yield decoder.decode(b"[" + b",".join(entries[first : first + PIECE]) + b"]")


def _pack_masks(
    piece: Sequence[_Annotation],
    found: CocoMasks,
    images: Sequence[dict[str, Any]],
    reach: float,
) -> bool:
    """Add the masks of a piece; whether all of them can be drawn."""
    masks: list[list[list[float]]] = []
    first = PIECE * len(found.numbers)
    for place, (one, image) in enumerate(zip(piece, images, strict=True)):
        mask = one.segmentation
        if isinstance(mask, dict):
            if segmentation_problem(mask, int(image["height"]), int(image["width"])):
                return False
            found.others[first + place] = mask
        masks.append([] if mask is None or isinstance(mask, dict) else mask)
    num_polygons = np.fromiter(map(len, masks), np.int32, len(masks))
    lengths = np.fromiter(map(len, chain.from_iterable(masks)), np.int32, num_polygons.sum())
    coordinates = np.fromiter(
        chain.from_iterable(chain.from_iterable(masks)), np.float64, lengths.sum()
    )
    if (lengths % 2).any():
        return False
    if np.abs(coordinates).max(initial=0) > reach and any(
        segmentation_problem(mask, int(image["height"]), int(image["width"]))
        for mask, image in zip(masks, images, strict=True)
    ):
        return False
    code, content = encode(coordinates)
    ends = np.cumsum(num_polygons, dtype=np.int64)
    polygons = np.stack([ends - num_polygons, ends], 1)
    before = np.concatenate([[0], np.cumsum(lengths, dtype=np.int64)])
    size = np.dtype(code).itemsize
    found.spans.append(np.hstack([size * before[polygons], lengths.itemsize * polygons]))
    num_polygons[[place - first for place in found.others if place >= first]] = -1
    found.num_polygons.append(num_polygons)
    found.lengths.append(lengths.tobytes())
    found.numbers.append(content)
    found.codes.append(code)
    return True
