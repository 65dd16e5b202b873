"""Keypoints in YOLO's text files: their number, names and mirror, and lines that only look so."""

from collections.abc import Mapping
from typing import Any

from argus.datasets.own.record import Keypoint
from argus.datasets.own.tree import Tree
from argus.errors import DataError

_MAX_KEYPOINTS = 1000
_FLAGS = [f"{flag}{end}" for flag in "012" for end in ("", ".0", ".000000")]


def keypoint_shape(content: Mapping[str, Any]) -> tuple[int, int]:
    """Keypoints of an object and values of each, 0 and 0 without any."""
    shape = content.get("kpt_shape")
    if shape is None:
        return 0, 0
    if (
        not isinstance(shape, list)
        or len(shape) != 2
        or not all(isinstance(v, int) for v in shape)
        or not 0 < shape[0] <= _MAX_KEYPOINTS
        or shape[1] not in (2, 3)
    ):
        raise DataError(f"data.yaml: kpt_shape={shape!r:.60}: expected [number, 2 or 3].")
    return shape[0], shape[1]


def keypoint_names(content: Mapping[str, Any], number: int) -> tuple[str, ...]:
    """Names of the keypoints, by ``kpt_names`` or by their places."""
    stated = content.get("kpt_names")
    stated = next(iter(stated.values()), None) if isinstance(stated, dict) else stated
    if isinstance(stated, list) and len(stated) == number:
        return tuple(map(str, stated))
    return tuple(f"point {index}" for index in range(1, number + 1))


def flip_of(stated: Any, number: int) -> tuple[int, ...]:
    """For each keypoint that on the other side, as ``flip_idx`` has it; empty if it has not."""
    if not isinstance(stated, list) or sorted(map(str, stated)) != sorted(map(str, range(number))):
        return ()
    return tuple(map(int, stated))


def points_of(values: list[float], dims: int, width: int, height: int) -> tuple[Keypoint, ...]:
    """Keypoints in pixels; none if no one is labelled.

    Args:
        values: Shares of the picture's size, with a visibility behind each if there are three.
        dims: How many are of one point.
        width: Of the picture.
        height: Of the picture.
    """
    points = []
    for place in range(0, len(values), dims):
        x, y = values[place : place + 2]
        seen = int(values[place + 2]) if dims == 3 else 2 * bool(x or y)
        points.append((x * width, y * height, min(2, max(0, seen))))
    return tuple(points) if any(point[2] for point in points) else ()


class PosedLines:
    """Whether lines look like keypoints, which without ``kpt_shape`` read as outlines.

    All have a box and as many points, and whatever would be the visibility is 0, 1 or 2.
    """

    def __init__(self) -> None:
        self.numbers: set[int] = set()
        self.has_flags = True

    def add(self, cells: list[str]) -> None:
        """Look at what is behind the class."""
        self.numbers.add(len(cells))
        if self.has_flags:
            self.has_flags = all(cell in _FLAGS for cell in cells[6::3])

    def raise_if_keypoints(self, tree: Tree) -> None:
        """Refuse them.

        Raises:
            DataError: With what the file of names has to say.
        """
        (number, *others) = self.numbers or {0}
        if not others and number > 4 and (number - 4) % 3 == 0 and self.has_flags:
            raise DataError(
                f"{tree.given}: all lines have a box and {(number - 4) // 3} points with a 0, 1 or "
                f"2 behind each, as keypoints have: then data.yaml has to say kpt_shape: "
                f"[{(number - 4) // 3}, 3]."
            )
