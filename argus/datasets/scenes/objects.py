"""The things that stand in a scene: how each class is shaped and coloured.

Shape decides the class; colours and patterns are typical but not exclusive. Sizes are in metres,
chosen so that things fill 20 to 70 pixels of a 128-pixel picture at the usual distances.
"""

from dataclasses import dataclass, field

import numpy as np

from argus.datasets.scenes import figure, textures
from argus.datasets.scenes.geometry import Primitive, frame_along, limb, turned
from argus.datasets.scenes.textures import linear


@dataclass
class Thing:
    """One object: its class, its shapes, and what captions and keypoints need.

    Args:
        name: Class name, of `THING_CLASSES` or `CLASSIFICATION_CLASSES`.
        colour: Name of the main colour.
        shapes: Primitives in world coordinates.
        position: (3,) world position on the ground, metres.
        radius: Radius of the footprint, metres.
        keypoints: (17, 3) world positions for a person, else None.
        margins: (17,) metres of body in front of each keypoint, for a person.
        action: What a person does, for captions.
    """

    name: str
    colour: str
    shapes: list[Primitive]
    position: np.ndarray
    radius: float
    keypoints: np.ndarray | None = None
    margins: np.ndarray | None = None
    action: str = field(default="")


_TYPICAL_COLOURS = {
    "person": ("red", "orange", "yellow", "green", "blue", "purple", "pink", "white"),
    "ball": ("red", "orange", "blue", "green", "purple", "yellow"),
    "box": ("brown", "orange", "green", "blue", "gray"),
    "can": ("red", "blue", "green", "turquoise", "yellow"),
    "cone": ("orange", "red", "yellow", "green", "blue"),
    "pill": ("pink", "red", "purple", "turquoise", "yellow", "blue"),
    "dumbbell": ("gray", "black", "blue", "red"),
    "snowman": ("white",),
    "table": ("brown", "orange", "white"),
    "tree": ("green",),
}
_ACTIONS = {
    "standing": "standing",
    "walking": "walking",
    "arms_raised": "raising both arms",
    "waving": "waving",
    "arms_out": "stretching out the arms",
    "hands_on_hips": "standing with hands on hips",
    "crouching": "crouching",
}
_OTHER_COLOURS = ("white", "yellow", "blue", "red", "turquoise", "black")


def _accent(colour: str, rng: np.random.Generator) -> np.ndarray:
    return linear(str(rng.choice([name for name in _OTHER_COLOURS if name != colour])))


def build_thing(name: str, position: np.ndarray, rng: np.random.Generator) -> Thing:
    """A random object of class `name` that stands at `position` ((3,), on the ground)."""
    colour = str(rng.choice(_TYPICAL_COLOURS[name]))
    position = np.asarray(position, np.float32)
    if name == "person":
        return _person(position, colour, rng)
    shapes, radius = _BUILDERS[name](position, colour, rng)
    return Thing(name, colour, shapes, position, radius)


def _person(position: np.ndarray, colour: str, rng: np.random.Generator) -> Thing:
    pose = str(rng.choice(figure.POSES))
    # Mostly towards the camera: the angle from "facing the viewer", turned to where the viewer is.
    yaw = float(np.clip(rng.normal(0, 0.4), -0.9, 0.9)) - np.arctan2(position[0], position[1])
    scale = float(rng.uniform(0.9, 1.06))
    facing = turned(yaw) @ np.diag([1.0, -1.0, 1.0]) * scale
    shapes, keypoints, margins = figure.build_figure(
        figure.sample_pose(pose, rng),
        figure.sample_outfit(rng, colour),
        frame=facing.astype(np.float32),
        place=position,
        thickness=float(rng.uniform(0.95, 1.2)),
    )
    return Thing(
        "person", colour, shapes, position, 0.32, keypoints, margins, action=_ACTIONS[pose]
    )


Built = tuple[list[Primitive], float]


def _ball(position: np.ndarray, colour: str, rng: np.random.Generator) -> Built:
    radius = float(rng.uniform(0.26, 0.5))
    main, accent = linear(colour), _accent(colour, rng)
    pattern = (
        textures.sectors(main, accent, 6),
        textures.sectors(main, accent, 8),
        textures.stripes(main, accent, axis=2, period=0.8, duty=0.35),
        textures.dots(main, accent, 0.8),
        textures.plain(main, 0.04),
    )[rng.integers(5)]
    tilt = frame_along(rng.normal(size=3) + np.array([0, -0.4, 0.8]))
    centre = position + np.array([0, 0, radius])
    return [Primitive("ellipsoid", centre, tilt * radius, pattern, gloss=0.5)], radius


def _box(position: np.ndarray, colour: str, rng: np.random.Generator) -> Built:
    half = rng.uniform(0.24, 0.42) * rng.uniform(0.8, 1.2, 3)
    main = linear(colour)
    pattern = (
        textures.crate(main, main * 0.75),
        textures.crate(main, main * 0.75),
        textures.checker(main, _accent(colour, rng), np.array([0.5, 0.5, 0.5])),
        textures.wood(main, 2.5, rng.uniform(-1, 1, 3)),
    )[rng.integers(4)]
    basis = turned(rng.uniform(-0.7, 0.7)) @ np.diag(half)
    centre = position + np.array([0, 0, half[2]])
    return [Primitive("box", centre, basis, pattern)], float(np.hypot(half[0], half[1]))


def _can(position: np.ndarray, colour: str, rng: np.random.Generator) -> Built:
    radius = float(rng.uniform(0.2, 0.34))
    half = radius * float(rng.uniform(1.2, 1.7))
    pattern = textures.label_can(
        linear((200, 205, 210)), linear(colour), linear("white" if colour != "yellow" else "red")
    )
    basis = turned(rng.uniform(-1, 1)) @ np.diag([radius, radius, half])
    centre = position + np.array([0, 0, half])
    return [Primitive("cylinder", centre, basis, pattern, gloss=0.6)], radius


def _cone(position: np.ndarray, colour: str, rng: np.random.Generator) -> Built:
    radius = float(rng.uniform(0.24, 0.4))
    half = radius * float(rng.uniform(1.1, 1.5))
    main = linear(colour)
    white = linear("white")
    pattern = (
        textures.banded(main, white, -0.35, 0.15),
        textures.stripes(main, white, axis=2, period=0.8, duty=0.4),
        textures.plain(main, 0.05),
    )[rng.integers(3)]
    shapes = [
        Primitive(
            "cone",
            position + np.array([0, 0, half + 0.03]),
            turned(rng.uniform(-1, 1)) @ np.diag([radius, radius, half]),
            pattern,
            gloss=0.2,
        ),
        Primitive(
            "box",
            position + np.array([0, 0, 0.03]),
            turned(rng.uniform(-0.7, 0.7)) @ np.diag([radius * 1.08, radius * 1.08, 0.03]),
            textures.plain(main * 0.5, 0.05),
        ),
    ]
    return shapes, radius * 1.3


def _pill(position: np.ndarray, colour: str, rng: np.random.Generator) -> Built:
    radius = float(rng.uniform(0.17, 0.27))
    straight = radius * float(rng.uniform(0.9, 1.5))
    yaw = rng.uniform(-0.75, 0.75)
    upright = rng.random() < 0.25
    axis = np.array([0, 0, 1.0]) if upright else np.array([np.cos(yaw), np.sin(yaw), 0])
    height = radius + straight if upright else radius
    pattern = textures.banded(linear(colour), linear("white"), -9, 0)
    shape = Primitive(
        "capsule",
        position + np.array([0, 0, height]),
        frame_along(axis) * radius,
        pattern,
        half_length=straight / radius,
        gloss=0.7,
    )
    return [shape], radius if upright else radius + straight


def _dumbbell(position: np.ndarray, colour: str, rng: np.random.Generator) -> Built:
    radius = float(rng.uniform(0.2, 0.28))
    half = radius * float(rng.uniform(1.7, 2.2))
    yaw = rng.uniform(-0.6, 0.6)
    axis = np.array([np.cos(yaw), np.sin(yaw), 0]) * half
    centre = position + np.array([0, 0, radius])
    weight = textures.plain(linear(colour), 0.05)
    bar = limb(centre - axis, centre + axis, radius * 0.28, textures.plain(linear("gray")), part=0)
    ends = [
        Primitive("ellipsoid", centre + sign * axis, np.eye(3) * radius, weight, gloss=0.6)
        for sign in (-1, 1)
    ]
    return [bar, *ends], half + radius


def _snowman(position: np.ndarray, colour: str, rng: np.random.Generator) -> Built:
    base = float(rng.uniform(0.28, 0.36))
    snow = textures.plain(linear(colour), 0.05)
    shapes, height = [], 0.0
    for radius in (base, base * 0.75, base * 0.55):
        centre = position + np.array([0, 0, height + radius])
        shapes.append(Primitive("ellipsoid", centre, np.eye(3) * radius, snow))
        height += radius * 1.7
    head, radius = shapes[-1].centre, base * 0.55
    nose = frame_along(np.array([rng.uniform(-0.5, 0.5), -1, 0])) @ np.diag(
        [radius * 0.2, radius * 0.2, radius * 0.5]
    )
    carrot = textures.plain(linear("orange"))
    shapes.append(Primitive("cone", head + nose[:, 2] * 2.6, nose, carrot))
    hat = head + np.array([0, 0, radius * 1.15])
    black = textures.plain(linear("black"))
    shapes.append(Primitive("cylinder", hat, np.diag([radius * 0.7, radius * 0.7, radius * 0.4]),
                            black))  # fmt: skip
    return shapes, base


def _table(position: np.ndarray, colour: str, rng: np.random.Generator) -> Built:
    half = np.array([rng.uniform(0.4, 0.55), rng.uniform(0.28, 0.4)])
    height, leg = float(rng.uniform(0.5, 0.7)), 0.045
    frame = turned(rng.uniform(-0.6, 0.6))
    pattern = textures.wood(linear(colour), 3.0, rng.uniform(-1, 1, 3))
    top = position + np.array([0, 0, height])
    shapes = [Primitive("box", top, frame @ np.diag([half[0], half[1], 0.045]), pattern)]
    for x, y in ((-1, -1), (-1, 1), (1, -1), (1, 1)):
        foot = frame @ np.array([x * (half[0] - leg), y * (half[1] - leg), height / 2])
        shapes.append(
            Primitive("box", position + foot, frame @ np.diag([leg, leg, height / 2]), pattern)
        )
    return shapes, float(np.hypot(*half))


def _tree(position: np.ndarray, colour: str, rng: np.random.Generator) -> Built:
    radius = float(rng.uniform(0.34, 0.44))
    green = linear(colour) * rng.uniform(0.7, 1.2)
    leaves = textures.cloudy(green * 0.6, green * 1.2, 2.0)
    bark = textures.plain(linear("brown") * 0.7, 0.2)
    trunk = float(rng.uniform(0.2, 0.3))
    shapes = [
        Primitive(
            "cylinder",
            position + np.array([0, 0, trunk / 2 + 0.05]),
            np.diag([0.08, 0.08, trunk / 2 + 0.05]),
            bark,
        )  # fmt: skip
    ]
    height = trunk
    for share in (1.0, 0.8, 0.58):
        half = radius * 0.5 * share + 0.1
        basis = np.diag([radius * share, radius * share, half])
        shapes.append(
            Primitive("cone", position + np.array([0, 0, height + half]), basis, leaves, gloss=0)
        )
        height += half * 0.95
    return shapes, radius


_BUILDERS = {
    "ball": _ball,
    "box": _box,
    "can": _can,
    "cone": _cone,
    "pill": _pill,
    "dumbbell": _dumbbell,
    "snowman": _snowman,
    "table": _table,
    "tree": _tree,
}
