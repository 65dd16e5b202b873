"""SPair-71k as it is published: pairs of pictures of one class, and keypoints of each picture.

Min et al., "SPair-71k: A Large-scale Benchmark for Semantic Correspondence" (arXiv 1908.10543).
``PairAnnotation/<split>/<number>-<source>-<target>:<class>.json`` names a pair,
``ImageAnnotation/<class>/<picture>.json`` has the keypoints of a picture, ``JPEGImages/<class>/``
the pictures. What a file names is looked for in these folders alone.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from argus.datasets.own.texts import read_json
from argus.errors import DataError
from argus.names.wording import counted

SPLITS = {"train": "trn", "val": "val", "test": "test"}
_MAX_JSON_BYTES = 2**20
_MAX_KEYPOINTS = 1000
_FURTHEST_PX = 10**6


@dataclass(frozen=True)
class Pair:
    """Two pictures, without suffix, of one class.

    Args:
        category: Their class.
        source: Whose keypoints are looked for.
        target: Where.
        viewpoint: How much the viewpoints differ: 0, 1 or 2.
        box: xyxy of the object in the target, pixels.
        file: That says so.
    """

    category: str
    source: str
    target: str
    viewpoint: int
    box: tuple[float, float, float, float]
    file: Path


def read_pairs(root: Path, split: str) -> list[Pair]:
    """The pairs of a split, sorted by the names of their files.

    Args:
        root: The folder ``SPair-71k``.
        split: ``train``, ``val`` or ``test``.

    Raises:
        DataError: If there are none, or a file is of another form.
    """
    folder = root / "PairAnnotation" / SPLITS[split]
    files = sorted(folder.glob("*.json"))
    if not files:
        raise DataError(
            f"{folder}: no pair (*.json) of SPair-71k. Expected the unpacked archive: "
            "PairAnnotation, ImageAnnotation and JPEGImages in one folder."
        )
    return [_pair(file) for file in files]


def _pair(file: Path) -> Pair:
    content = _object(file)
    category = _name(content, "category", file)
    source, target = (
        _name(content, key, file).removesuffix(".jpg") for key in ("src_imname", "trg_imname")
    )
    viewpoint, box = content.get("viewpoint_variation"), content.get("trg_bndbox")
    if viewpoint not in (0, 1, 2) or isinstance(viewpoint, bool):
        raise DataError(f"{file}: expected viewpoint_variation of 0, 1 or 2, found {viewpoint!r}.")
    if not isinstance(box, list) or len(box) != 4 or not all(map(_is_place, box)):
        raise DataError(f"{file}: expected trg_bndbox of four pixels, found {box!r:.60}.")
    if box[0] >= box[2] or box[1] >= box[3]:
        raise DataError(f"{file}: trg_bndbox {box} has no area.")
    return Pair(category, source, target, int(viewpoint), (box[0], box[1], box[2], box[3]), file)


def read_keypoints(root: Path, category: str, picture: str) -> np.ndarray:
    """The keypoints of a picture in the order of its class.

    Args:
        root: The folder ``SPair-71k``.
        category: Class.
        picture: Name without suffix.

    Returns:
        (k, 3) float64: x and y in pixels, and 1 where it is seen; all 0 where it is not.

    Raises:
        DataError: If the file is missing or of another form.
    """
    file = root / "ImageAnnotation" / category / f"{picture}.json"
    stored = _object(file).get("kps")
    if not isinstance(stored, Mapping) or not 0 < len(stored) <= _MAX_KEYPOINTS:
        raise DataError(f"{file}: expected the keypoints of the picture as kps, found none.")
    found = np.zeros((len(stored), 3))
    for number in range(len(stored)):
        place = stored.get(str(number), ())
        if place is None:
            continue
        if not isinstance(place, list) or len(place) != 2 or not all(map(_is_place, place)):
            raise DataError(
                f"{file}: expected kps.{number} as [x, y] or null, found {place!r:.60}."
            )
        found[number] = [*place, 1]
    return found


def picture_path(root: Path, category: str, picture: str) -> Path:
    """Where a picture lies."""
    return root / "JPEGImages" / category / f"{picture}.jpg"


def check_keypoints(pair: Pair, source: np.ndarray, target: np.ndarray) -> None:
    """Raise if the two pictures of a pair do not have the same keypoints.

    Raises:
        DataError: See above.
    """
    if len(source) != len(target):
        raise DataError(
            f"{pair.file}: {pair.source} has {counted(len(source), 'keypoint')}, {pair.target} "
            f"{len(target)}; pictures of a class have the same."
        )


def _object(file: Path) -> dict[str, Any]:
    content = read_json(file, most=_MAX_JSON_BYTES)
    if not isinstance(content, dict):
        raise DataError(f"{file}: expected a JSON object, found a {type(content).__name__}.")
    return content


def _name(content: Mapping[str, Any], key: str, file: Path) -> str:
    """A name that is a file's or folder's, and leads nowhere else."""
    name = content.get(key)
    if not isinstance(name, str) or not name.strip(".") or set(name) & set("/\\\0"):
        raise DataError(
            f"{file}: expected the name of a file or class as {key}, found {name!r:.60}."
        )
    return name


def _is_place(value: Any) -> bool:
    is_number = isinstance(value, (int, float)) and not isinstance(value, bool)
    return is_number and abs(value) <= _FURTHEST_PX
