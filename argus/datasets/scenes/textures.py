"""Procedural colours of surfaces.

A texture maps points (3, N) (the unit frame of a shape, or metres on a plane) to linear RGB
(3, N). All patterns are solid (they fill space), so they need no unwrapping.
"""

from functools import lru_cache

import cv2
import numpy as np

from argus.datasets.scenes.geometry import Texture

COLOURS: dict[str, tuple[int, int, int]] = {
    "red": (205, 38, 38),
    "orange": (240, 130, 30),
    "yellow": (245, 205, 50),
    "green": (50, 150, 70),
    "blue": (45, 95, 190),
    "purple": (125, 65, 160),
    "pink": (235, 130, 165),
    "brown": (135, 88, 50),
    "white": (235, 232, 225),
    "gray": (120, 122, 128),
    "black": (35, 35, 40),
    "turquoise": (45, 170, 165),
}
"""Names and sRGB values of the colours objects come in; captions use the names."""

_TABLE_SIZE = 512
_CELLS_PER_UNIT = 32  # table cells per noise unit; the coarsest octave spans two units


def linear(srgb: tuple[float, float, float] | str) -> np.ndarray:
    """An sRGB colour (0 to 255) or a name of `COLOURS` as linear RGB, (3, 1) float32."""
    rgb = COLOURS[srgb] if isinstance(srgb, str) else srgb
    return ((np.asarray(rgb, np.float32) / 255) ** 2.2)[:, None]


@lru_cache(maxsize=1)
def _noise_table() -> np.ndarray:
    """Tileable fractal noise, (512, 512) float32 with mean 0 and standard deviation 1."""
    rng = np.random.default_rng(20250611)
    total = np.zeros((_TABLE_SIZE, _TABLE_SIZE), np.float32)
    for octave, cells in enumerate((8, 16, 32, 64, 128)):
        lattice = rng.standard_normal((cells, cells)).astype(np.float32)
        # Repeating the lattice before the cubic resize and cutting the middle makes it tileable.
        tiled = np.tile(lattice, (3, 3))
        large = cv2.resize(tiled, None, fx=_TABLE_SIZE / cells, fy=_TABLE_SIZE / cells,
                           interpolation=cv2.INTER_CUBIC)  # fmt: skip
        total += large[_TABLE_SIZE:-_TABLE_SIZE, _TABLE_SIZE:-_TABLE_SIZE] * 0.55**octave
    return (total - total.mean()) / total.std()


def noise2(u: np.ndarray, v: np.ndarray) -> np.ndarray:
    """Fractal noise at (u, v), mean 0 and standard deviation 1; features of about one unit."""
    table, mask = _noise_table(), _TABLE_SIZE - 1
    rows = np.floor(v * _CELLS_PER_UNIT).astype(np.int64) & mask
    cols = np.floor(u * _CELLS_PER_UNIT).astype(np.int64) & mask
    return table[rows, cols]


def noise3(points: np.ndarray) -> np.ndarray:
    """Noise in space from three plane look-ups; points (3, N), result (N,)."""
    x, y, z = points
    mixed = noise2(x + 0.37 * z, y + 7.1) + noise2(y + 3.3, z + 0.41 * x)
    return (mixed + noise2(z + 5.7, x + 0.29 * y)) * np.float32(0.58)


def _mix(a: np.ndarray, b: np.ndarray, weight: np.ndarray) -> np.ndarray:
    return a + (b - a) * weight


def _shade(colour: np.ndarray, variation: np.ndarray) -> np.ndarray:
    return colour * np.clip(1 + variation, 0.2, 1.8)


def plain(colour: np.ndarray, grain: float = 0.06, scale: float = 2.0) -> Texture:
    """One colour with a slight cloudiness of strength `grain`."""
    return lambda p: _shade(colour, grain * noise3(p * np.float32(scale)))


def checker(a: np.ndarray, b: np.ndarray, size: np.ndarray) -> Texture:
    """Checkerboard in space with cells of `size` (3,); an infinite size switches an axis off."""
    inverse = (1 / np.asarray(size, np.float32))[:, None]

    def texture(p: np.ndarray) -> np.ndarray:
        cells = np.floor(p * inverse + np.float32(1e-3)).sum(axis=0).astype(np.int64) & 1
        return _shade(_mix(a, b, cells), 0.05 * noise3(p * 3))

    return texture


def stripes(a: np.ndarray, b: np.ndarray, axis: int, period: float, duty: float = 0.5) -> Texture:
    """Bands across `axis`; `duty` is the share of `b`."""

    def texture(p: np.ndarray) -> np.ndarray:
        phase = p[axis] / np.float32(period)
        return _shade(_mix(a, b, (phase - np.floor(phase)) < duty), 0.05 * noise3(p * 3))

    return texture


def sectors(a: np.ndarray, b: np.ndarray, count: int) -> Texture:
    """Beach-ball sectors about the z axis with a cap of colour `b` at each pole."""

    def texture(p: np.ndarray) -> np.ndarray:
        angle = np.arctan2(p[1], p[0]) / np.float32(2 * np.pi) * count
        odd = (np.floor(angle).astype(np.int64) & 1).astype(bool)
        return _shade(_mix(a, b, odd | (np.abs(p[2]) > 0.93)), 0.03 * noise3(p * 3))

    return texture


def dots(a: np.ndarray, b: np.ndarray, size: float) -> Texture:
    """Round spots of colour `b` on `a`, on a body-centred lattice of step `size`."""

    def texture(p: np.ndarray) -> np.ndarray:
        q = p / np.float32(size)
        first = ((q - np.round(q)) ** 2).sum(axis=0)
        second = ((q - np.floor(q) - np.float32(0.5)) ** 2).sum(axis=0)
        return _shade(_mix(a, b, np.minimum(first, second) < 0.07), 0.05 * noise3(p * 3))

    return texture


def wood(colour: np.ndarray, rings: float, offset: np.ndarray) -> Texture:
    """Growth rings about an axis that runs close to x, wobbling with noise."""
    offset = np.asarray(offset, np.float32)[:, None]

    def texture(p: np.ndarray) -> np.ndarray:
        q = p + offset
        wobble = 0.12 * noise2(q[0] * 0.35 + q[1], q[2] + 0.2 * q[0])
        radius = np.sqrt(q[1] * q[1] + q[2] * q[2]) + wobble
        ring = 0.5 + 0.5 * np.sin(radius * np.float32(rings * 2 * np.pi))
        fibre = 0.08 * noise2(q[0] * 0.4, (q[1] + q[2]) * 6)
        return _shade(colour, fibre - 0.42 * ring**3)

    return texture


def crate(colour: np.ndarray, frame: np.ndarray, border: float = 0.78) -> Texture:
    """A wooden box: boards with gaps inside, a frame of another tone along the edges."""
    board = wood(colour, 2.2, np.array([0.3, 0.9, 0.4]))
    rail = wood(frame, 2.5, np.array([0.1, 0.5, 1.2]))

    def texture(p: np.ndarray) -> np.ndarray:
        size = np.sort(np.abs(p), axis=0)  # largest = the face, middle = nearest edge
        edge = size[1] > border
        gap = np.abs(p[2] * 2.5 - np.round(p[2] * 2.5)) < 0.06
        gap = (gap & (np.abs(p[2]) < 0.99) & ~edge) | (np.abs(size[1] - border) < 0.025)
        return np.where(edge, rail(p), board(p)) * np.where(gap, np.float32(0.35), 1)

    return texture


def banded(base: np.ndarray, band: np.ndarray, low: float, high: float) -> Texture:
    """Colour `band` for low < z < high, `base` elsewhere: labels of cans, halves of pills."""
    return lambda p: _shade(_mix(base, band, (p[2] > low) & (p[2] < high)), 0.05 * noise3(p * 2))


def label_can(metal: np.ndarray, label: np.ndarray, accent: np.ndarray) -> Texture:
    """A tin: metal rims and lid, a coloured label with an accent stripe and a round logo."""

    def texture(p: np.ndarray) -> np.ndarray:
        side = np.abs(p[2]) < 0.82
        stripe = np.abs(p[2] + 0.5) < 0.1
        logo = (np.abs(np.arctan2(p[0], -p[1])) ** 2 + (p[2] - 0.18) ** 2) < 0.13
        body = _mix(label, accent, stripe | logo)
        top = np.sqrt(p[0] * p[0] + p[1] * p[1])
        groove = np.where((top > 0.78) & (top < 0.88), np.float32(0.6), np.float32(1))
        return _shade(np.where(side, body, metal * groove), 0.05 * noise3(p * 2))

    return texture


def planks(colour: np.ndarray, width: float, length: float) -> Texture:
    """Floor boards along y with staggered joints; metres."""

    def texture(p: np.ndarray) -> np.ndarray:
        row = np.floor(p[0] / np.float32(width))
        shift = row * np.float32(0.617)
        along = p[1] / np.float32(length) + shift
        board = np.floor(along)
        tone = 0.16 * noise2(row * 3.17, board * 2.31)
        grain = 0.10 * noise2(p[0] * 9 + row, p[1] * 0.7)
        inside_x = np.abs(p[0] / np.float32(width) - row - 0.5)
        inside_y = np.abs(along - board - 0.5)
        seam = (inside_x > 0.475) | (inside_y > 0.5 - 0.008 / length)
        return _shade(colour, tone + grain) * np.where(seam, np.float32(0.5), 1)

    return texture


def bricks(colour: np.ndarray, mortar: np.ndarray, axis: int) -> Texture:
    """Running-bond bricks on a wall that runs along `axis` (0 or 1); metres."""

    def texture(p: np.ndarray) -> np.ndarray:
        row = np.floor(p[2] / np.float32(0.16))
        across = p[axis] / np.float32(0.42) + 0.5 * (row % 2)
        column = np.floor(across)
        joint = (np.abs(p[2] / 0.16 - row - 0.5) > 0.43) | (np.abs(across - column - 0.5) > 0.47)
        tone = 0.14 * noise2(row * 1.73, column * 2.91) + 0.08 * noise2(p[axis] * 5, p[2] * 5)
        return np.where(joint, _shade(mortar, tone * 0.3), _shade(colour, tone))

    return texture


def cloudy(a: np.ndarray, b: np.ndarray, scale: float) -> Texture:
    """Two colours mixed by noise of `scale` features per unit: carpets, sand, plaster, grass."""

    def texture(p: np.ndarray) -> np.ndarray:
        weight = (
            0.5 + 0.22 * noise3(p * np.float32(scale)) + 0.12 * noise3(p * np.float32(6 * scale))
        )
        return _mix(a, b, np.clip(weight, 0, 1))

    return texture


def skirted(wall: Texture, skirting: np.ndarray, height: float) -> Texture:
    """A wall texture with a skirting board of `height` metres along its foot."""

    def texture(p: np.ndarray) -> np.ndarray:
        board = np.where(p[2] > height * 0.88, skirting * np.float32(0.6), skirting)
        return np.where(p[2] < height, board, wall(p))

    return texture
