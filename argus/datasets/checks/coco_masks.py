"""Whether a ``segmentation`` of COCO's format is one that pycocotools can draw.

Polygons are lists or arrays of x, y in pixels. A run-length mask has ``size`` [height, width] and
``counts``, the lengths of the runs down the columns, as numbers or as pycocotools' text: six bits a
character, the lowest five of them value, least significant first, from the third run on the
difference to the last but one (``rleFrString`` of its maskApi.c). Its C code trusts that the runs
fill the picture.
"""

import math
from array import array
from itertools import chain
from typing import Any

import numpy as np

_MAX_GROUPS = 7  # of five bits: 32 bits, as pycocotools has them


def segmentation_problem(value: Any, height: int, width: int) -> str | None:
    """What keeps a segmentation from being drawn; ``None`` if it is fine or there is none.

    Args:
        value: The field as it is in the file; ``None`` where it is absent or null.
        height: Of the picture, in pixels.
        width: Of the picture, in pixels.
    """
    if value is None:
        return None
    if isinstance(value, list):
        return _polygons_problem(value, height, width)
    if not isinstance(value, dict):
        return f"segmentation is {_kind(value)}, expected a list of polygons or a run-length mask"
    return _run_length_problem(value, height, width)


def _kind(value: Any) -> str:
    if isinstance(value, dict):
        return "a run-length mask"
    if isinstance(value, str):
        return "a text"
    is_number = isinstance(value, (int, float)) and not isinstance(value, bool)
    return "a number" if is_number else f"the value {value!r:.80}"


def _polygons_problem(polygons: list[Any], height: int, width: int) -> str | None:
    wrong = [polygon for polygon in polygons if not isinstance(polygon, (list, array))]
    if wrong:
        return (
            f"segmentation is a list with {_kind(wrong[0])} in it, expected polygons, each a list "
            "of x, y, x, y, ..."
        )
    try:
        finite = all(map(math.isfinite, chain.from_iterable(polygons)))
    except (TypeError, OverflowError):
        return "segmentation: a polygon holds something else than numbers, expected x, y, x, y, ..."
    if not finite:
        return "segmentation: a polygon holds NaN or infinity, expected finite pixels"
    odd = next((len(polygon) for polygon in polygons if len(polygon) % 2), None)
    if odd is not None:
        return f"segmentation: a polygon has {odd} values, expected pairs x, y"
    # pycocotools allocates in proportion to the length of an edge.
    reach = 10 * max(height, width)
    farthest = max(map(abs, chain.from_iterable(polygons)), default=0)
    if farthest > reach:
        return (
            f"segmentation: a polygon reaches to {farthest:.6g}, far outside its picture of "
            f"{width}x{height}"
        )
    return None


def _run_length_problem(mask: dict[str, Any], height: int, width: int) -> str | None:
    size, counts = mask.get("size"), mask.get("counts")
    if size != [height, width]:
        return (
            f"segmentation: the run-length mask has size {str(size)[:60]}, expected the picture's "
            f"[height, width] {[height, width]}"
        )
    if isinstance(counts, list):
        is_whole = all(isinstance(n, int) and not isinstance(n, bool) for n in counts)
        runs = counts if is_whole else None
    else:
        runs = decode_runs(counts) if isinstance(counts, str) else None
    if runs is None:
        return (
            "segmentation: counts of the run-length mask are no runs, expected whole numbers or "
            "the text of pycocotools"
        )
    total = sum(runs)
    if min(runs, default=0) < 0 or total != height * width:
        return (
            f"segmentation: the runs of the mask cover {total if total < 10**15 else 'too many'} "
            f"pixels, expected {height} * {width} = {height * width}, each run at least 0"
        )
    return None


def decode_runs(text: str) -> list[int] | None:
    """The lengths of the runs in pycocotools' text; ``None`` for another text."""
    try:
        codes = np.frombuffer(text.encode("ascii"), np.uint8).astype(np.int64) - 48
    except UnicodeEncodeError:
        return None
    if len(codes) == 0 or codes.min() < 0 or codes.max() > 63 or codes[-1] & 32:
        return None
    ends = np.flatnonzero((codes & 32) == 0)
    starts = np.concatenate([[0], ends[:-1] + 1])
    lengths = ends - starts + 1
    if lengths.max() > _MAX_GROUPS:
        return None
    shifts = 5 * (np.arange(len(codes)) - np.repeat(starts, lengths))
    values = np.add.reduceat((codes & 31) << shifts, starts)
    values -= np.where(codes[ends] & 16, np.int64(1) << (5 * lengths), 0)
    values[1::2] = np.cumsum(values[1::2])
    values[2::2] = np.cumsum(values[2::2])
    return values.tolist()
