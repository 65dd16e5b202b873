"""Masks, maps and numbers as JSON can hold them, and the way back."""

import base64
import math
from collections.abc import Mapping
from typing import Any

import cv2
import numpy as np

_LEVELS = 65535


def number(value: Any) -> float | None:
    """A finite Python float; ``None`` for what JSON has no number for (NaN, infinity).

    A float32 becomes the shortest number that rounds to it: 0.9, not 0.8999999761581421.
    """
    value = float(str(value)) if isinstance(value, np.float32) else float(value)
    return value if math.isfinite(value) else None


def numbers(values: np.ndarray) -> list[float | None]:
    """A vector as :func:`number` writes its items."""
    return [number(value) for value in np.asarray(values).ravel()]


def encode_rle(mask: np.ndarray) -> dict[str, Any]:
    """A mask ``(H, W)`` as COCO's compressed run lengths: ``size`` [H, W] and ``counts`` text."""
    from pycocotools import mask as coco_mask

    encoded = coco_mask.encode(np.asfortranarray(mask, dtype=np.uint8))
    height, width = encoded["size"]
    return dict(size=[int(height), int(width)], counts=encoded["counts"].decode("ascii"))


def decode_rle(encoded: Mapping[str, Any]) -> np.ndarray:
    """The mask ``(H, W)`` bool of :func:`encode_rle`."""
    from pycocotools import mask as coco_mask

    return coco_mask.decode(dict(encoded)).astype(bool)


def encode_map(values: np.ndarray) -> dict[str, Any]:
    """A dense map as a PNG in a dict.

    Integers are kept exactly; floats are rounded to 65535 equal steps from the least finite value
    to the largest.

    Args:
        values: ``(H, W)`` integers in [0, 65535], or floats ``(H, W)`` or ``(H, W, 3)``.

    Returns:
        ``png``: base64 text of the file, 8 or 16 bits per channel, channels in the order of the
        array. For floats ``scale`` and ``offset``: the value of level ``n > 0`` is ``offset + scale
        * n``, and level 0 (in all channels) is not finite.
    """
    if np.issubdtype(values.dtype, np.integer):
        assert values.size == 0 or (values.min() >= 0 and values.max() <= _LEVELS)
        bits = np.uint8 if values.size == 0 or values.max() < 256 else np.uint16
        return dict(png=_to_png(values.astype(bits)))
    finite = np.isfinite(values)
    known = values[finite].astype(np.float64)
    low, high = (known.min(), known.max()) if known.size else (0.0, 1.0)
    scale = (high - low) / (_LEVELS - 1) or 1.0
    levels = np.zeros(values.shape, np.uint16)
    levels[finite] = np.rint((known - low) / scale).astype(np.uint16) + 1
    if values.ndim == 3:
        levels[~finite.all(axis=-1)] = 0
    return dict(png=_to_png(levels), scale=float(scale), offset=float(low - scale))


def decode_map(encoded: Mapping[str, Any]) -> np.ndarray:
    """Inverse of :func:`encode_map`: unsigned integers, or float32 with NaN where not finite."""
    data = np.frombuffer(base64.b64decode(encoded["png"]), np.uint8)
    levels: Any = cv2.imdecode(data, cv2.IMREAD_UNCHANGED)
    if levels.ndim == 3:
        levels = levels[..., ::-1]
    if "scale" not in encoded:
        return levels
    values = encoded["offset"] + encoded["scale"] * levels.astype(np.float64)
    return np.where(levels == 0, np.nan, values).astype(np.float32)


def _to_png(pixels: np.ndarray) -> str:
    if pixels.ndim == 3:
        pixels = pixels[..., ::-1]  # OpenCV writes its last channel first
    written, data = cv2.imencode(".png", np.ascontiguousarray(pixels))
    assert written, (pixels.shape, pixels.dtype)
    return base64.b64encode(data.tobytes()).decode("ascii")


def statistics(values: np.ndarray) -> dict[str, float | None]:
    """``min``, ``median``, ``mean`` and ``max`` of the finite values; ``None`` without any."""
    known = values[np.isfinite(values)]
    if not known.size:
        return dict.fromkeys(("min", "median", "mean", "max"))
    return dict(
        min=number(known.min()),
        median=number(np.median(known)),
        mean=number(known.mean(dtype=np.float64)),
        max=number(known.max()),
    )
