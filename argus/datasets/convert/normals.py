"""Surface normals of any axis convention, brought to x right, y up, z towards the viewer.

Downloads do not say what their axes are, and copies differ. But pictures of rooms do: floors face
up and ceilings down, what is seen faces the viewer, and walls on the left face right.
"""

import itertools
from collections.abc import Iterable
from dataclasses import dataclass, field

import numpy as np

from argus.errors import ConfigError, DataError
from argus.names.wording import counted

_NAMES = "xyz"


@dataclass(frozen=True)
class Axes:
    """Which stored channel, with which sign, is x (right), y (up) and z (towards the viewer).

    Args:
        channels: Channel of each axis.
        signs: Sign of each axis.
    """

    channels: tuple[int, int, int]
    signs: tuple[int, int, int]

    def convert(self, normals: np.ndarray) -> np.ndarray:
        """Stored normals (..., 3) in the axes of Argus."""
        return normals[..., list(self.channels)] * np.array(self.signs, normals.dtype)

    def to_text(self) -> str:
        """As on the command line: for each stored channel the axis it is, e.g. ``x,-y,-z``."""
        parts = [""] * 3
        for axis, (channel, sign) in enumerate(zip(self.channels, self.signs, strict=True)):
            parts[channel] = ("-" if sign < 0 else "") + _NAMES[axis]
        return ",".join(parts)


def parse_axes(text: str) -> Axes:
    """Read axes as :meth:`Axes.to_text` writes them.

    Raises:
        ConfigError: Not the three axes, once each.
    """
    parts = [part.strip().removeprefix("+") for part in text.split(",")]
    names = [part.removeprefix("-") for part in parts]
    if sorted(names) != list(_NAMES):
        raise ConfigError(
            f"--normal-axes {text!r}: expected for each stored channel the axis it is, of x "
            "(right), y (up), z (towards the viewer), e.g. x,y,z, or x,-y,-z for y down and z away."
        )
    channels = [names.index(name) for name in _NAMES]
    signs = [-1 if parts[channel].startswith("-") else 1 for channel in channels]
    return Axes((channels[0], channels[1], channels[2]), (signs[0], signs[1], signs[2]))


@dataclass
class AxesFinder:
    """Finds the axes of a collection of normal maps from what the labels say of surfaces.

    Args:
        up: Labels of surfaces that face up: floor, ...
        down: Labels of surfaces that face down: ceiling.
        walls: Labels of upright surfaces.
    """

    up: tuple[int, ...]
    down: tuple[int, ...]
    walls: tuple[int, ...]
    _vertical: list[np.ndarray] = field(default_factory=list)
    _mean: list[np.ndarray] = field(default_factory=list)
    _side: list[np.ndarray] = field(default_factory=list)

    def add(self, normals: np.ndarray, labels: np.ndarray) -> None:
        """Take account of one picture.

        Args:
            normals: (H, W, 3) stored normals, zero where unknown.
            labels: (H, W) classes.
        """
        known = np.linalg.norm(normals, axis=2) > 0.5
        if known.any():
            self._mean.append(normals[known].mean(axis=0))
        for classes, sign in ((self.up, 1), (self.down, -1)):
            chosen = known & np.isin(labels, classes)
            if chosen.sum() > 0.01 * chosen.size:
                self._vertical.append(sign * normals[chosen].mean(axis=0))
        walls = known & np.isin(labels, self.walls)
        if walls.sum() > 0.05 * walls.size:
            columns = np.nonzero(walls)[1] / max(walls.shape[1] - 1, 1) - 0.5
            # Walls at the left face right: along x the sum of normal * column is negative.
            self._side.append(-(normals[walls] * columns[:, None]).mean(axis=0))

    def find(self) -> Axes:
        """The axes.

        Raises:
            DataError: The pictures do not tell, e.g. since there are too few.
        """
        up = _mean_of(self._vertical)
        y = int(np.abs(up).argmax())
        others = [channel for channel in range(3) if channel != y]
        facing, side = _mean_of(self._mean), _mean_of(self._side)
        z = max(others, key=lambda channel: abs(facing[channel]))
        x = 3 - y - z
        clear = abs(up[y]) > 0.5 and abs(facing[z]) > 0.2 and abs(side[x]) > 0.005
        if not clear or abs(facing[z]) < 2 * abs(facing[x]):
            raise DataError(
                "the axes of the normals cannot be told from "
                f"{counted(len(self._mean), 'picture')} ({len(self._vertical)} with a floor or "
                f"ceiling, {len(self._side)} with walls). State them with --normal-axes, e.g. "
                "x,y,z (right, up, towards the viewer) or x,-y,-z."
            )
        signs = (int(np.sign(side[x])), int(np.sign(up[y])), int(np.sign(facing[z])))
        return Axes((x, y, z), signs)


def _mean_of(vectors: list[np.ndarray]) -> np.ndarray:
    return np.mean(vectors, axis=0) if vectors else np.zeros(3)


def find_axes(pairs: Iterable[tuple[np.ndarray, np.ndarray]], finder: AxesFinder) -> Axes:
    """The axes from at most 200 pairs of normals and labels."""
    for normals, labels in itertools.islice(pairs, 200):
        finder.add(normals, labels)
    return finder.find()


def decode(stored: np.ndarray) -> np.ndarray:
    """Normals (H, W, 3) float32 of an array of floats or of a picture; zero where unknown.

    In a picture of 8 bits n = 2 * value / 255 - 1. Unknown: not finite, of nearly no length, black,
    or white.
    """
    if stored.ndim == 3 and stored.shape[0] == 3 != stored.shape[2]:
        stored = np.moveaxis(stored, 0, 2)
    if stored.ndim != 3 or stored.shape[2] < 3:
        raise DataError(f"normals of shape {stored.shape}; expected (height, width, 3)")
    stored = stored[..., :3]
    if stored.dtype == np.uint8:
        blank = (stored == 0).all(-1) | (stored == 255).all(-1)
        normals = stored.astype(np.float32) * (2 / 255) - 1
        normals[blank] = 0
    else:
        normals = np.nan_to_num(stored.astype(np.float32), posinf=0, neginf=0)
    length = np.linalg.norm(normals, axis=2, keepdims=True)
    return np.where(length > 0.1, normals / np.maximum(length, 0.1), 0).astype(np.float32)


def encode(normals: np.ndarray) -> np.ndarray:
    """Normals as RGB picture: (n * 0.5 + 0.5) * 255; (128, 128, 128) where unknown."""
    return np.rint((normals * 0.5 + 0.5) * 255).astype(np.uint8)
