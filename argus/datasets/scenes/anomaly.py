"""Pictures for anomaly detection: a surface and an object, whole or with one defect.

Both are flat things seen from straight above, so a defect is a region of the (x, y) plane: its
mask is exact at pixel centres, and its colour replaces the surface's before the light falls.
"""

from collections.abc import Callable

import numpy as np

from argus.datasets.scenes.classes import ANOMALY_CATEGORIES
from argus.datasets.scenes.render import develop
from argus.datasets.scenes.textures import linear, noise2

SUPERSAMPLING = 2
Region = Callable[[np.ndarray, np.ndarray], np.ndarray]
"""Coordinates (x, y), the shorter side of the picture spans [-1, 1] -> bool."""
Paint = tuple[float, tuple[int, int, int]]
"""Colour of a defect: the share of the surface's own colour that is left, and sRGB added."""
_PIPS = ((-1, -1), (1, -1), (0, 0), (-1, 1), (1, 1))
"""The die shows five, always: a missing pip is a defect and not another number."""


def sample_anomaly(
    category: str, kind: str, width: int, height: int, rng: np.random.Generator
) -> tuple[np.ndarray, np.ndarray]:
    """A picture and the mask of its defect.

    Args:
        category: A key of `ANOMALY_CATEGORIES`.
        kind: "good" for a flawless one, or one of the category's defects.
        width: Pixels.
        height: Pixels.
        rng: Source of all randomness.

    Returns:
        (H, W, 3) uint8 RGB and (H, W) bool.
    """
    assert kind in ("good", *ANOMALY_CATEGORIES[category]), kind
    draw = _Die(rng) if category == "dice" else _Terrazzo(rng)
    region, paint = draw.defect(kind, rng) if kind != "good" else _FLAWLESS
    s = SUPERSAMPLING
    x, y = _grid(width, height, s)
    gain, tint = paint
    colour = draw.colour(x, y)
    colour = np.where(region(x, y), colour * gain + linear(tint)[:, :, None], colour)
    small = colour.reshape(3, height, s, width, s).sum(axis=(2, 4)) / s**2
    small = small + rng.normal(0, 0.006, small.shape)
    return develop(np.maximum(small, 0)), region(*_grid(width, height, 1))


def _nowhere(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    return np.zeros(x.shape, bool)


_FLAWLESS: tuple[Region, Paint] = (_nowhere, (1.0, (0, 0, 0)))


def _grid(width: int, height: int, s: int) -> tuple[np.ndarray, np.ndarray]:
    scale = 2 / min(width, height)
    x = ((np.arange(width * s) + 0.5) / s - width / 2) * scale
    y = ((np.arange(height * s) + 0.5) / s - height / 2) * scale
    grid_x, grid_y = np.meshgrid(x.astype(np.float32), y.astype(np.float32))
    return grid_x, grid_y


def _stroke(
    rng: np.random.Generator, *, reach: float, thin: float, bend: float, jag: float
) -> Region:
    """A line of half width `thin` and length of about `reach`, curved by `bend`, rough by `jag`."""
    angle, curve = rng.uniform(0, np.pi), rng.uniform(-bend, bend)
    centre = rng.uniform(-0.25, 0.25, 2)
    half, shift = reach * rng.uniform(0.35, 0.5), rng.uniform(0, 50)
    cos, sin = np.cos(angle), np.sin(angle)

    def region(x: np.ndarray, y: np.ndarray) -> np.ndarray:
        u = (x - centre[0]) * cos + (y - centre[1]) * sin
        v = (y - centre[1]) * cos - (x - centre[0]) * sin
        v = v - curve * u * u - jag * noise2(u * 4 + shift, np.zeros_like(u))
        return (np.abs(u) < half) & (np.abs(v) < thin * (1.05 - np.abs(u) / half))

    return region


def _blob(
    rng: np.random.Generator, size: tuple[float, float], *, spread: float, edge: float
) -> Region:
    """A roundish spot with a ragged edge."""
    centre, radius = rng.uniform(-spread, spread, 2), rng.uniform(*size)
    shift = rng.uniform(0, 50)

    def region(x: np.ndarray, y: np.ndarray) -> np.ndarray:
        distance = np.hypot(x - centre[0], y - centre[1])
        return distance < radius * (1 + edge * noise2(x * 3 + shift, y * 3 - shift))

    return region


def _stain(rng: np.random.Generator) -> Paint:
    tints = ((62, 41, 20), (41, 55, 27), (48, 20, 41))
    return 0.4, tints[rng.integers(3)]


class _Terrazzo:
    """A polished stone floor: coloured chips in a pale binder."""

    def __init__(self, rng: np.random.Generator) -> None:
        self.shift = rng.uniform(0, 100, 2)
        self.light = rng.uniform(0.92, 1.05)
        self.slope = rng.normal(0, 0.03, 2)

    def colour(self, x: np.ndarray, y: np.ndarray) -> np.ndarray:
        colour = np.broadcast_to(linear((214, 206, 194))[:, :, None], (3, *x.shape))
        chips = (((168, 120, 96), 5.0), ((120, 128, 132), 6.1), ((236, 232, 224), 8.2))
        for number, (rgb, scale) in enumerate(chips):
            u, v = x * scale + self.shift[0] + 9.7 * number, y * scale + self.shift[1]
            chip = noise2(u, v) > 1.05
            colour = np.where(chip, linear(rgb)[:, :, None], colour)
        grain = 1 + 0.03 * noise2(x * 12, y * 12)
        return colour * grain * (self.light + self.slope[0] * x + self.slope[1] * y)

    def defect(self, kind: str, rng: np.random.Generator) -> tuple[Region, Paint]:
        if kind == "crack":
            return _stroke(rng, reach=1.8, thin=0.03, bend=0.4, jag=0.03), (0.1, (0, 0, 0))
        if kind == "hole":
            return _blob(rng, (0.07, 0.14), spread=0.6, edge=0.12), (0.0, (35, 33, 30))
        return _blob(rng, (0.16, 0.3), spread=0.5, edge=0.2), _stain(rng)


class _Die:
    """A die seen from above on a dark cloth."""

    def __init__(self, rng: np.random.Generator) -> None:
        self.angle = rng.normal(0, 0.12)
        self.centre = rng.normal(0, 0.04, 2)
        self.half = rng.uniform(0.66, 0.72)
        self.shift = rng.uniform(0, 100)
        self.light = rng.uniform(0.95, 1.05)
        self.missing: int | None = None

    def local(self, x: np.ndarray, y: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Coordinates on the face, whose edges are at -1 and 1."""
        cos, sin = np.cos(self.angle), np.sin(self.angle)
        u, v = x - self.centre[0], y - self.centre[1]
        return (u * cos + v * sin) / self.half, (v * cos - u * sin) / self.half

    def pip(self, number: int, x: np.ndarray, y: np.ndarray) -> np.ndarray:
        u, v = self.local(x, y)
        a, b = _PIPS[number]
        return np.hypot(u - a * 0.52, v - b * 0.52) < 0.17

    def colour(self, x: np.ndarray, y: np.ndarray) -> np.ndarray:
        u, v = self.local(x, y)
        # Distance to a rounded square, and a shadow of it thrown to the lower right.
        face = _rounded(u, v) < 0
        shade = np.clip(-_rounded(u - 0.12, v - 0.14) / 0.12 + 1, 0, 1)
        weave = 1 + 0.12 * noise2(x * 14 + self.shift, y * 14) + 0.06 * np.sin(x * 90 + y * 90)
        cloth = linear((46, 92, 74))[:, :, None] * weave * (1 - 0.7 * shade)
        bevel = np.clip(1 + _rounded(u, v) / 0.12, 0, 1)
        tone = (
            1 - 0.25 * bevel * (u + v > 0) + 0.05 * noise2(u * 3 + self.shift, v * 3)
        ) * self.light
        body = linear((226, 220, 205))[:, :, None] * tone
        for number in range(len(_PIPS)):
            if number != self.missing:
                body = np.where(self.pip(number, x, y), np.float32(0.02), body)
        return np.where(face, body, cloth)

    def defect(self, kind: str, rng: np.random.Generator) -> tuple[Region, Paint]:
        if kind == "missing_pip":
            number = int(rng.integers(len(_PIPS)))
            self.missing = number
            # Without the pip the face itself shows; the mask is where the pip should be.
            return lambda x, y: self.pip(number, x, y), (1.0, (0, 0, 0))
        if kind == "scratch":
            return _stroke(rng, reach=1.2, thin=0.028, bend=0.2, jag=0.006), (0.3, (40, 38, 34))
        return _blob(rng, (0.12, 0.22), spread=0.35, edge=0.15), _stain(rng)


def _rounded(u: np.ndarray, v: np.ndarray) -> np.ndarray:
    """Signed distance to a square with corners rounded by 0.25."""
    qu, qv = np.abs(u) - 0.75, np.abs(v) - 0.75
    outside = np.hypot(np.maximum(qu, 0), np.maximum(qv, 0))
    return outside + np.minimum(np.maximum(qu, qv), 0) - 0.25
