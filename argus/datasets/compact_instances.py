"""The instances of a data set's entry in a few bytes, and back as they were.

An entry of mmengine's is a pickle, nine bytes for every coordinate. Annotation tools write two
decimals: as whole hundredths a coordinate has two bytes in pictures of up to 655 pixels, four in
larger ones, and comes back as the same float64. Others stay float64.
"""

from collections.abc import Iterable, Mapping, Sequence
from itertools import chain
from typing import Any, NamedTuple

import numpy as np

_KEYS = {"bbox", "bbox_label", "ignore_flag", "mask"}
_HUNDREDTHS = "Hi"  # NumPy's letters of unsigned 16 and signed 32 bits
_WHOLE = "d"
_NO_POLYGONS = -1


class CompactInstances(NamedTuple):
    """Instances of one picture. Pickled as a plain tuple by :func:`as_plain`.

    Args:
        boxes: (n, 4) float64 xyxy, as bytes.
        labels: (n,) int32.
        flags: (n,) uint8, whether an instance is ignored.
        num_polygons: (n,) int32; -1 for a mask that is none of polygons.
        lengths: Numbers of each polygon, int32.
        codes: A letter for each instance: how its coordinates are stored.
        numbers: The coordinates of all polygons.
        others: The masks that are none of polygons, in their order.
    """

    boxes: bytes
    labels: bytes
    flags: bytes
    num_polygons: bytes
    lengths: bytes
    codes: str
    numbers: bytes
    others: tuple[Any, ...]


def encode(coordinates: np.ndarray) -> tuple[str, bytes]:
    """How coordinates, (n,) float64, are stored without loss, and the bytes."""
    scaled = np.rint(coordinates * 100)
    if np.array_equal(scaled / 100, coordinates):
        low, high = scaled.min(initial=0), scaled.max(initial=0)
        for code in _HUNDREDTHS:
            if np.iinfo(code).min <= low and high <= np.iinfo(code).max:
                return code, scaled.astype(code).tobytes()
    return _WHOLE, coordinates.astype(_WHOLE).tobytes()


def pack(instances: Sequence[Mapping[str, Any]]) -> CompactInstances | None:
    """Pack the instances of an entry; ``None`` for any that hold something else.

    Args:
        instances: With ``bbox`` (four numbers), ``bbox_label``, ``ignore_flag`` (0 or 1) and
            ``mask`` (polygons, or anything).
    """
    if any(set(one) != _KEYS or len(one["bbox"]) != 4 for one in instances):
        return None
    codes, numbers, counts, lengths, others = "", [], [], [], []
    for one in instances:
        mask = one["mask"]
        if not _is_polygons(mask):
            counts.append(_NO_POLYGONS)
            others.append(mask)
            mask = []
        else:
            counts.append(len(mask))
        lengths += list(map(len, mask))
        code, content = encode(np.fromiter(chain.from_iterable(mask), np.float64))
        codes += code
        numbers.append(content)
    return CompactInstances(
        np.array([one["bbox"] for one in instances], np.float64).tobytes(),
        np.array([one["bbox_label"] for one in instances], np.int32).tobytes(),
        np.array([one["ignore_flag"] for one in instances], np.uint8).tobytes(),
        np.array(counts, np.int32).tobytes(),
        np.array(lengths, np.int32).tobytes(),
        codes,
        b"".join(numbers),
        tuple(others),
    )


def _is_polygons(mask: Any) -> bool:
    return isinstance(mask, list) and all(
        isinstance(polygon, list) and all(type(x) in (int, float) for x in polygon)
        for polygon in mask
    )


def unpack(packed: Iterable[Any]) -> list[dict[str, Any]]:
    """The instances that were packed; whole numbers come back as floats of the same value."""
    found = CompactInstances(*packed)
    others, lengths = iter(found.others), iter(np.frombuffer(found.lengths, np.int32).tolist())
    instances, place = [], 0
    for box, label, flag, count, code in zip(
        np.frombuffer(found.boxes).reshape(-1, 4).tolist(),
        np.frombuffer(found.labels, np.int32).tolist(),
        found.flags,
        np.frombuffer(found.num_polygons, np.int32).tolist(),
        found.codes,
        strict=True,
    ):
        mask: Any = next(others) if count == _NO_POLYGONS else []
        for _ in range(max(count, 0)):
            length = next(lengths)
            values = np.frombuffer(found.numbers, code, length, place)
            place += values.nbytes
            mask.append((values if code == _WHOLE else values / 100).tolist())
        instances.append(dict(bbox=box, bbox_label=label, ignore_flag=flag, mask=mask))
    return instances


def as_plain(packed: CompactInstances) -> tuple[Any, ...]:
    """Of builtin types alone, which any reader of pickles takes."""
    return tuple(packed)
