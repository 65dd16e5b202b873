"""Where a scene takes place: room or open air, its surfaces, its light."""

from dataclasses import dataclass

import numpy as np

from argus.datasets.scenes import textures
from argus.datasets.scenes.geometry import Plane, Texture
from argus.datasets.scenes.textures import linear


@dataclass
class Backdrop:
    """Surfaces and light around the things.

    Args:
        planes: Floor or ground first, then walls.
        sun: (3,) unit vector towards the light.
        sun_colour: (3, 1) linear RGB of the direct light.
        ambient: (3, 1) linear RGB of the light from above; half of it comes from below.
        sky: Colour by world direction (3, N).
        indoor: Whether walls close the view: every pixel then has a depth.
        depth_limit: World y that things must stay in front of, metres.
        side_limits: World x that things must stay between, metres.
        name: For captions.
    """

    planes: list[Plane]
    sun: np.ndarray
    sun_colour: np.ndarray
    ambient: np.ndarray
    sky: Texture
    indoor: bool
    depth_limit: float
    side_limits: tuple[float, float]
    name: str


def _unit(x: float, y: float, z: float) -> np.ndarray:
    vector = np.array([x, y, z], np.float32)
    return vector / np.linalg.norm(vector)


def sample_backdrop(rng: np.random.Generator) -> Backdrop:
    """A random room (three in five) or a place in the open air."""
    return _room(rng) if rng.random() < 0.6 else _open_air(rng)


def _floor_texture(rng: np.random.Generator) -> tuple[Texture, float, str]:
    kind = int(rng.integers(4))
    if kind == 0:
        tone = linear(((176, 128, 82), (140, 94, 58), (196, 158, 112))[rng.integers(3)])
        return textures.planks(tone, 0.28, 1.6), 0.12, "on a wooden floor"
    if kind == 1:
        light = linear((224, 218, 205))
        dark = linear(((92, 96, 104), (120, 82, 66), (84, 112, 116))[rng.integers(3)])
        size = float(rng.uniform(0.4, 0.65))
        return textures.checker(light, dark, np.array([size, size, 1e6])), 0.2, "on a tiled floor"
    if kind == 2:
        tone = linear(((150, 60, 58), (66, 92, 128), (112, 118, 84), (150, 134, 116))[
            rng.integers(4)])  # fmt: skip
        return textures.cloudy(tone * 0.75, tone * 1.2, 3.0), 0.0, "on a carpet"
    tone = linear((150, 148, 144))
    return textures.cloudy(tone * 0.8, tone * 1.15, 0.8), 0.05, "on a concrete floor"


def _wall_texture(rng: np.random.Generator, axis: int) -> Texture:
    tints = (
        (214, 204, 184), (172, 190, 202), (196, 208, 180), (214, 182, 170), (202, 196, 214),
        (226, 214, 160),
    )  # fmt: skip
    tint = linear(tints[rng.integers(len(tints))])
    kind = int(rng.integers(4))
    if kind == 0:
        wall = textures.bricks(linear((168, 92, 70)) * rng.uniform(0.8, 1.2), tint * 0.8, axis)
    elif kind == 1:
        period = float(rng.uniform(0.3, 0.55))
        wall = textures.stripes(tint, tint * 0.78, axis=axis, period=period)
    elif kind == 2:
        wall = textures.dots(tint, tint * 0.7, float(rng.uniform(0.35, 0.5)))
    else:
        wall = textures.cloudy(tint * 0.9, tint * 1.06, 0.7)
    skirting = linear("white") * 0.9 if rng.random() < 0.7 else linear((96, 66, 46))
    return textures.skirted(wall, skirting, float(rng.uniform(0.1, 0.18)))


def _room(rng: np.random.Generator) -> Backdrop:
    floor, gloss, name = _floor_texture(rng)
    depth = float(rng.uniform(4.8, 6.6))
    planes = [
        Plane(_unit(0, 0, 1), 0.0, floor, "floor", gloss),
        Plane(_unit(0, -1, 0), -depth, _wall_texture(rng, axis=0), "wall"),
    ]
    limits = [-9.0, 9.0]
    if rng.random() < 0.45:
        side = int(rng.choice([-1, 1]))
        distance = float(rng.uniform(1.9, 2.8))
        planes.append(Plane(_unit(-side, 0, 0), -distance, _wall_texture(rng, axis=1), "wall"))
        limits[(side + 1) // 2] = side * distance
    warmth = float(rng.uniform(-0.08, 0.1))
    strength = float(rng.uniform(1.9, 2.5))
    ambient = float(rng.uniform(0.5, 0.72))
    return Backdrop(
        planes,
        sun=_unit(rng.uniform(-0.8, 0.8), rng.uniform(-0.9, -0.35), rng.uniform(1.0, 1.5)),
        sun_colour=strength * np.array([[1 + warmth], [1.0], [1 - warmth]], np.float32) * 0.5,
        ambient=ambient * np.array([[1 - warmth], [1.0], [1 + warmth]], np.float32),
        sky=_plain_sky,
        indoor=True,
        depth_limit=depth - 0.1,
        side_limits=(limits[0] + 0.1, limits[1] - 0.1),
        name=name,
    )


def _plain_sky(directions: np.ndarray) -> np.ndarray:
    return np.full_like(directions, 0.7)


def _sky(top: np.ndarray, bottom: np.ndarray, clouds: float, seed: float) -> Texture:
    def texture(directions: np.ndarray) -> np.ndarray:
        x, y, z = directions / np.sqrt((directions**2).sum(axis=0))
        blend = np.clip(z * 2.2, 0, 1)
        colour = bottom + (top - bottom) * blend
        flat = 1 / np.maximum(z + 0.12, 0.05)
        cover = textures.noise2(x * flat * 0.9 + seed, y * flat * 0.9)
        weight = np.clip((cover - 0.9 + clouds) * 0.7, 0, 1) * np.clip(z * 8, 0, 1)
        return colour + (linear((250, 250, 252)) - colour) * weight

    return texture


def _hazy(ground: Texture, haze: np.ndarray) -> Texture:
    """Fades a ground texture into the colour of the horizon with distance."""

    def texture(p: np.ndarray) -> np.ndarray:
        weight = 1 - np.exp(-np.maximum(p[1] - 5, 0) / 18)
        colour = ground(p)
        return colour + (haze - colour) * weight

    return texture


def _open_air(rng: np.random.Generator) -> Backdrop:
    grounds = (
        ((62, 108, 44), (122, 156, 72), "on the grass"),
        ((196, 170, 122), (224, 204, 160), "on the sand"),
        ((118, 116, 112), (152, 150, 146), "on the pavement"),
        ((188, 198, 216), (214, 222, 234), "in the snow"),
    )
    dark, light, name = grounds[rng.integers(len(grounds))]
    tops = ((70, 130, 205), (96, 150, 210), (128, 140, 165), (86, 110, 180))
    bottoms = ((196, 218, 236), (236, 214, 190), (205, 210, 218))
    top = linear(tops[rng.integers(len(tops))])
    bottom = linear(bottoms[rng.integers(len(bottoms))])
    ground = textures.cloudy(linear(dark), linear(light), float(rng.uniform(0.8, 2.0)))
    planes = [Plane(_unit(0, 0, 1), 0.0, _hazy(ground, bottom * 0.9), "ground")]
    limit = 30.0
    if rng.random() < 0.2:
        limit = float(rng.uniform(5.5, 7.5))
        planes.append(Plane(_unit(0, -1, 0), -limit, _wall_texture(rng, axis=0), "wall"))
    warmth = float(rng.uniform(0.0, 0.18))
    return Backdrop(
        planes,
        sun=_unit(rng.uniform(-1.1, 1.1), rng.uniform(-0.9, 0.1), rng.uniform(0.7, 1.3)),
        sun_colour=np.array([[1.1 + warmth], [1.08], [1.02 - warmth]], np.float32)
        * float(rng.uniform(0.95, 1.2)),
        ambient=np.array([[0.40], [0.45], [0.54]], np.float32) * float(rng.uniform(0.8, 1.15)),
        sky=_sky(top, bottom, float(rng.uniform(0.0, 1.0)), float(rng.uniform(0, 50))),
        indoor=False,
        depth_limit=limit - 0.1,
        side_limits=(-30.0, 30.0),
        name=name,
    )
