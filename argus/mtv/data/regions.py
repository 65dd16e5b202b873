"""Named boxes of a picture: ``regions.json``, a list of ``{"box": [...], "text": ..., "score": ...}``.

``box`` is xyxy as fractions of the picture's width and height; ``score``, in [0, 1], may be absent.
"""

import json
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np

from argus.errors import DataError
from argus.mtv.data.captions import json_of

KIND = "regions.json"
MAX_REGIONS = 1_000
# Of the sides of a picture, by which rounding may lead out of it.
_ROUNDING = 1e-3
_DIGITS = 5


@dataclass(frozen=True, kw_only=True)
class NamedBoxes:
    """Regions of a picture.

    Args:
        boxes: (R, 4) float32 xyxy in [0, 1].
        names: R texts.
        scores: (R,) float32, how sure each is; 1 where the file does not say it.
    """

    boxes: np.ndarray
    names: tuple[str, ...]
    scores: np.ndarray

    def __len__(self) -> int:
        return len(self.names)

    def some(self, rows: np.ndarray, *, boxes: np.ndarray | None = None) -> "NamedBoxes":
        """Those of some rows (int64), maybe with other boxes (R, 4)."""
        return NamedBoxes(
            boxes=(self.boxes if boxes is None else boxes)[rows],
            names=tuple(self.names[row] for row in rows),
            scores=self.scores[rows],
        )


def regions_in(content: bytes) -> NamedBoxes:
    """The regions of a sample.

    Raises:
        DataError: It has another form, a box without area or outside the picture, or no name.
    """
    entries = json_of(content, KIND)
    if not isinstance(entries, list) or len(entries) > MAX_REGIONS:
        raise DataError(f"its {KIND} is no list of at most {MAX_REGIONS:,} regions")
    boxes, names, scores = [], [], []
    for number, entry in enumerate(entries):
        box, name, score = _entry(entry, f"region {number}")
        boxes.append(box)
        names.append(name)
        scores.append(score)
    return NamedBoxes(
        boxes=np.array(boxes, np.float32).reshape(-1, 4),
        names=tuple(names),
        scores=np.array(scores, np.float32),
    )


def rounded(regions: NamedBoxes) -> NamedBoxes:
    """As regions are written: those that rounding leaves no area of are left out."""
    sides = np.array([_digits(box) for box in regions.boxes]).reshape(-1, 4)
    rows = np.flatnonzero((sides[:, :2] < sides[:, 2:]).all(1))
    return regions.some(rows, boxes=sides.astype(np.float32))


def regions_member(regions: NamedBoxes) -> bytes:
    """The member of regions, as :func:`regions_in` reads it, of those that :func:`rounded` leaves."""
    left = rounded(regions)
    entries = [
        {"box": _digits(box), "text": name, "score": _digits([score])[0]}
        for box, name, score in zip(left.boxes, left.names, left.scores, strict=True)
    ]
    return json.dumps(entries, separators=(",", ":")).encode("ascii")


def _digits(values: Iterable[float]) -> list[float]:
    return [round(float(value), _DIGITS) for value in values]


def _entry(entry: Any, what: str) -> tuple[np.ndarray, str, float]:
    if not isinstance(entry, dict):
        raise DataError(f'{what} is no object with "box" and "text"')
    name = entry.get("text")
    if not isinstance(name, str) or not name.strip():
        raise DataError(f"{what} has no name: found text={name!r:.60}")
    try:
        box = np.array(entry.get("box"), np.float64)
    except (TypeError, ValueError, OverflowError):
        box = np.zeros(0)
    if box.shape != (4,) or not np.isfinite(box).all():
        raise DataError(f"{what} ({name:.60}) has no box of four numbers: {entry.get('box')!r:.80}")
    if (box < -_ROUNDING).any() or (box > 1 + _ROUNDING).any():
        hint = ": pixels? Fractions of width and height are expected" * bool(box.max() > 2)
        raise DataError(f"{what} ({name:.60}) lies outside the picture, {box.tolist()}{hint}")
    box = box.clip(0, 1)
    if (box[2:] <= box[:2]).any():
        raise DataError(f"{what} ({name:.60}) has no area: x1, y1, x2, y2 = {box.tolist()}")
    score = entry.get("score", 1.0)
    if not isinstance(score, int | float) or not 0 <= score <= 1:
        raise DataError(f"{what} ({name:.60}) has no score in [0, 1]: {score!r:.40}")
    return box, " ".join(name.split()), float(score)
