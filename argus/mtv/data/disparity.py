"""Inverse depth of a picture: ``depth.png`` of 8 or 16 bits, and its ends in ``depth.json``.

A stored value v of a type whose largest is V stands for ``min + (max - min) v / V``; without
``depth.json`` for v / V, which differs by a scale and a shift that the losses do not see. Larger is
nearer. ``"invalid": v`` in ``depth.json`` names a stored value that says nothing. The map may be
smaller or larger than the picture, of its shape.
"""

import json
import math
from typing import Any

import cv2
import numpy as np

from argus.errors import DataError
from argus.files.foreign import raise_if_foreign
from argus.files.pictures import check_declared_size
from argus.mtv.data.captions import json_of

KINDS = ("depth.png", "depth.json")
_COMPRESSION = 4  # of 0 to 9: there are as many maps as pictures, so that time counts too


def disparity_in(
    png: bytes, ends: bytes | None, *, picture: tuple[int, int]
) -> tuple[np.ndarray, np.ndarray]:
    """Inverse depth of a sample.

    Args:
        png: The map.
        ends: ``depth.json``.
        picture: (height, width) of the picture.

    Returns:
        Values (h, w) float32 and where they are valid (h, w) bool.

    Raises:
        DataError: It does not decode, has several channels, or not the shape of the picture.
    """
    raise_if_foreign(png)
    check_declared_size(png)
    stored = cv2.imdecode(np.frombuffer(png, np.uint8), cv2.IMREAD_UNCHANGED) if png else None
    if stored is None or stored.ndim != 2 or stored.dtype not in (np.uint8, np.uint16):
        found = "nothing that decodes" if stored is None else f"{stored.shape} {stored.dtype}"
        raise DataError(f"its depth.png is no map of 8 or 16 bits: found {found}")
    if not same_shape(stored.shape, picture):
        raise DataError(
            f"its depth is {stored.shape[1]}x{stored.shape[0]} (width x height), the picture "
            f"{picture[1]}x{picture[0]}: another crop, or turned?"
        )
    low, high, invalid = _ends(ends)
    values = stored.astype(np.float32) * ((high - low) / (255 if stored.dtype == np.uint8 else 65_535)) + low
    valid = np.ones(stored.shape, bool) if invalid is None else stored != invalid
    return values.astype(np.float32), valid


def disparity_members(values: np.ndarray) -> dict[str, bytes]:
    """The members of a map, as :func:`disparity_in` reads them.

    Args:
        values: (h, w) float32, finite.
    """
    low, high = float(values.min()), float(values.max())
    scale = 65_535 / (high - low) if high > low else 0.0
    stored = np.rint((values.astype(np.float64) - low) * scale).astype(np.uint16)
    done, png = cv2.imencode(".png", stored, [cv2.IMWRITE_PNG_COMPRESSION, _COMPRESSION])
    assert done, values.shape
    ends = json.dumps({"min": low, "max": high}, separators=(",", ":")).encode("ascii")
    return dict(zip(KINDS, (png.tobytes(), ends), strict=True))


def same_shape(size: tuple[int, ...], other: tuple[int, int]) -> bool:
    """Whether a size is another one scaled, up to rounding by a pixel."""
    scale = max(size) / max(other)
    return all(abs(side - scale * whole) <= 1.0 for side, whole in zip(size, other, strict=True))


def _ends(content: bytes | None) -> tuple[float, float, int | None]:
    if content is None:
        return 0.0, 1.0, None
    found = json_of(content, "depth.json")
    ends: list[Any] = [found.get(key) for key in ("min", "max")] if isinstance(found, dict) else []
    if not ends or not all(isinstance(end, int | float) and math.isfinite(end) for end in ends):
        raise DataError('its depth.json has no numbers "min" and "max"')
    low, high = map(float, ends)
    if low > high:
        raise DataError(f"its depth.json has a min of {low} above the max of {high}")
    invalid = found.get("invalid")
    if invalid is not None and not isinstance(invalid, int):
        raise DataError(f'its depth.json has no stored value "invalid": {invalid!r:.40}')
    return low, high, invalid
