"""Articulated people: poses, 17 COCO keypoints and the shapes they are drawn with.

A figure is 1.72 units tall in its own frame (x to the person's left, y forward, z up) before
scaling. Limbs are directions given by two angles, so a pose is eight pairs of numbers and a lean.
"""

from dataclasses import dataclass

import numpy as np

from argus.datasets.scenes import classes, textures
from argus.datasets.scenes.classes import (
    HEAD,
    LOWER_ARM,
    LOWER_LEG,
    TORSO,
    UPPER_ARM,
    UPPER_LEG,
)
from argus.datasets.scenes.geometry import Primitive, Texture, limb

UPPER_ARM_LENGTH, LOWER_ARM_LENGTH = 0.30, 0.27
UPPER_LEG_LENGTH, LOWER_LEG_LENGTH = 0.40, 0.40
SHOULDER_HALF_WIDTH, HIP_HALF_WIDTH, SPINE = 0.225, 0.115, 0.50
HEAD_RADIUS = 0.165
FOOT_HEIGHT = 0.07
POSES = ("standing", "walking", "arms_raised", "waving", "arms_out", "hands_on_hips", "crouching")
"""Kinds of pose; each is varied at random."""

Angles = tuple[float, float]
"""Degrees (out, forward): a limb that hangs down is (0, 0); out is away from the body's side."""


@dataclass(frozen=True)
class Pose:
    """Directions of the eight limb segments, left and right, and the lean of the trunk."""

    upper_arm: list[Angles]
    lower_arm: list[Angles]
    upper_leg: list[Angles]
    lower_leg: list[Angles]
    lean: float = 0.0


def sample_pose(kind: str, rng: np.random.Generator) -> Pose:
    """A random pose of one of the `POSES`."""
    assert kind in POSES, kind

    def vary(out: float, forward: float, spread: float = 7.0) -> Angles:
        return out + float(rng.normal(0, spread)), forward + float(rng.normal(0, spread))

    upper_arm = [vary(13, 0), vary(13, 0)]
    lower_arm = [vary(6, 12), vary(6, 12)]
    upper_leg = [vary(7, 0, spread=4), vary(7, 0, spread=4)]
    lower_leg = [vary(4, -2, spread=3), vary(4, -2, spread=3)]
    lean = float(rng.normal(0, 2))
    side = int(rng.integers(2))
    if kind == "walking":
        upper_leg[side], upper_leg[1 - side] = vary(5, 30, spread=5), vary(5, -22, spread=5)
        lower_leg[side], lower_leg[1 - side] = vary(2, 6, spread=4), vary(2, -48, spread=6)
        upper_arm[side], upper_arm[1 - side] = vary(12, -32), vary(12, 32)
        lower_arm[side], lower_arm[1 - side] = vary(8, -5), vary(8, 62)
        lean = 4.0
    elif kind == "arms_raised":
        upper_arm = [vary(142, 0, spread=12), vary(142, 0, spread=12)]
        lower_arm = [vary(166, 0, spread=12), vary(166, 0, spread=12)]
    elif kind == "waving":
        upper_arm[side] = vary(108, 5, spread=10)
        lower_arm[side] = vary(172, 5, spread=16)
    elif kind == "arms_out":
        upper_arm = [vary(82, 0, spread=10), vary(82, 0, spread=10)]
        lower_arm = [vary(88, 0, spread=14), vary(88, 0, spread=14)]
        upper_leg = [vary(14, 0, spread=5), vary(14, 0, spread=5)]
    elif kind == "hands_on_hips":
        upper_arm = [vary(48, -8), vary(48, -8)]
        lower_arm = [vary(-48, 22), vary(-48, 22)]
    elif kind == "crouching":
        upper_leg = [vary(30, 58, spread=6), vary(30, 58, spread=6)]
        lower_leg = [vary(4, -40, spread=5), vary(4, -40, spread=5)]
        upper_arm = [vary(22, 38), vary(22, 38)]
        lower_arm = [vary(-4, 72), vary(-4, 72)]
        lean = 14.0
    return Pose(upper_arm, lower_arm, upper_leg, lower_leg, lean)


def _direction(angles: Angles, side: int) -> np.ndarray:
    """Unit direction of a limb; side is +1 for the left and -1 for the right."""
    out, forward = np.radians(angles)
    return np.array(
        [side * np.sin(out), np.cos(out) * np.sin(forward), -np.cos(out) * np.cos(forward)]
    )


def solve_joints(pose: Pose) -> dict[str, np.ndarray]:
    """Forward kinematics: joint name -> (3,) position in the figure's frame, feet on z = 0.

    Holds the twelve body joints of COCO, ``neck``, ``pelvis`` and ``head`` (centre of the head).
    """
    lean = np.radians(pose.lean)
    up = np.array([0.0, np.sin(lean), np.cos(lean)])
    joints = {"pelvis": np.zeros(3), "neck": up * SPINE}
    joints["head"] = joints["neck"] + up * (HEAD_RADIUS * 1.35)
    for index, (name, side) in enumerate((("left", 1), ("right", -1))):
        shoulder = joints["neck"] + np.array([side * SHOULDER_HALF_WIDTH, 0, 0]) - up * 0.05
        elbow = shoulder + UPPER_ARM_LENGTH * _direction(pose.upper_arm[index], side)
        wrist = elbow + LOWER_ARM_LENGTH * _direction(pose.lower_arm[index], side)
        hip = np.array([side * HIP_HALF_WIDTH, 0, 0])
        knee = hip + UPPER_LEG_LENGTH * _direction(pose.upper_leg[index], side)
        ankle = knee + LOWER_LEG_LENGTH * _direction(pose.lower_leg[index], side)
        for joint, position in zip(
            ("shoulder", "elbow", "wrist", "hip", "knee", "ankle"),
            (shoulder, elbow, wrist, hip, knee, ankle),
            strict=True,
        ):
            joints[f"{name}_{joint}"] = position
    lowest = min(joints["left_ankle"][2], joints["right_ankle"][2])
    lift = np.array([0.0, 0.0, FOOT_HEIGHT - lowest])
    return {name: position + lift for name, position in joints.items()}


@dataclass
class Outfit:
    """Colours of a person, linear RGB (3, 1)."""

    skin: np.ndarray
    hair: np.ndarray
    shirt: Texture
    sleeve: np.ndarray
    trousers: np.ndarray
    shoes: np.ndarray
    long_sleeves: bool


def sample_outfit(rng: np.random.Generator, shirt_colour: str) -> Outfit:
    """Random clothes with a shirt of the given named colour."""
    skins = ((244, 208, 177), (224, 172, 128), (190, 128, 88), (128, 82, 54), (96, 62, 44))
    hairs = ((45, 32, 24), (95, 60, 32), (190, 145, 75), (30, 30, 34), (150, 70, 35))
    trousers = ("blue", "gray", "black", "brown", "turquoise", "purple")
    shirt = textures.linear(shirt_colour)
    accent = textures.linear("white" if shirt_colour != "white" else "blue")
    trouser_colour = str(rng.choice([name for name in trousers if name != shirt_colour]))
    pattern = int(rng.integers(3))
    cloth = (
        textures.plain(shirt, 0.08),
        textures.stripes(shirt, accent, axis=2, period=0.42, duty=0.3),
        textures.dots(shirt, accent, 0.55),
    )[pattern]
    return Outfit(
        skin=textures.linear(skins[rng.integers(len(skins))]),
        hair=textures.linear(hairs[rng.integers(len(hairs))]),
        shirt=cloth,
        sleeve=shirt,
        trousers=textures.linear(trouser_colour),
        shoes=textures.linear(("white", "black", "red")[rng.integers(3)]),
        long_sleeves=bool(rng.random() < 0.5),
    )


def _face(skin: np.ndarray, hair: np.ndarray) -> Texture:
    """Head texture in its unit frame: hair above and behind, eyes, brows and a mouth in front."""
    white = textures.linear("white")
    dark, lips = textures.linear((25, 20, 25)), skin * np.array([[0.75], [0.35], [0.35]])

    def texture(p: np.ndarray) -> np.ndarray:
        x, y, z = p
        front = y > 0
        hairline = np.where(front, 0.42 + 0.25 * y - 0.25 * np.abs(x), -0.35)
        colour = np.where(z > hairline, hair, skin)
        eye = (np.abs(x) - 0.36) ** 2 * 1.2 + (z - 0.1) ** 2
        colour = np.where(front & (eye < 0.026), white, colour)
        eyes = front & (eye < 0.013)
        mouth = front & (np.abs(x) < 0.28) & (np.abs(z + 0.45 - 0.3 * x * x) < 0.06)
        return np.where(eyes, dark, np.where(mouth, lips, colour))

    return texture


FACE_POINTS = {
    "nose": (0.0, 1.04, -0.12),
    "left_eye": (0.36, 0.92, 0.1),
    "right_eye": (-0.36, 0.92, 0.1),
    "left_ear": (0.98, 0.0, 0.0),
    "right_ear": (-0.98, 0.0, 0.0),
}
"""Keypoints of the face in the unit frame of the head."""


def build_figure(
    pose: Pose, outfit: Outfit, frame: np.ndarray, place: np.ndarray, thickness: float = 1.0
) -> tuple[list[Primitive], np.ndarray, np.ndarray]:
    """The shapes and keypoints of a person in the world.

    Args:
        pose: Directions of the limbs.
        outfit: Colours.
        frame: (3, 3) columns are the person's left, forward and up, times the scale
            (left x up = forward: a left-handed triple).
        place: (3,) world position between the feet on the ground.
        thickness: Factor on the radii of the limbs.

    Returns:
        The shapes; keypoints (17, 3) in world metres, COCO order; and for each keypoint (17,) the
        depth in metres by which the body covers it, for the visibility test.
    """
    scale = float(np.linalg.norm(frame[:, 2]))
    joints = solve_joints(pose)
    world = {name: frame @ position + place for name, position in joints.items()}
    head_basis = frame @ np.diag([HEAD_RADIUS * 0.9, HEAD_RADIUS * 0.95, HEAD_RADIUS * 1.12])
    shapes: list[Primitive] = []

    def add_limb(start: str, end: str, radius: float, colour: np.ndarray, part: int) -> None:
        texture = textures.plain(colour, 0.06)
        shapes.append(limb(world[start], world[end], radius * scale * thickness, texture, part))

    def add_ball(centre: np.ndarray, basis: np.ndarray, texture: Texture, part: int) -> None:
        shapes.append(Primitive("ellipsoid", centre, basis, texture, part=part))

    skin = textures.plain(outfit.skin, 0.03)
    spine = world["neck"] - world["pelvis"]
    up = spine / np.linalg.norm(spine)
    left = frame[:, 0] / scale
    trunk = np.stack([left, np.cross(left, up), up], axis=1) * scale
    # The capsule's own radius is its depth; the basis widens it to the shoulders.
    chest_low, chest_high = world["pelvis"] + spine * 0.22, world["neck"] - spine * 0.2
    chest_radius = 0.125
    shapes.append(
        Primitive(
            "capsule",
            (chest_low + chest_high) / 2,
            trunk @ np.diag([0.205, chest_radius, chest_radius]),
            outfit.shirt,
            half_length=float(np.linalg.norm(chest_high - chest_low)) / 2 / chest_radius / scale,
            part=TORSO,
        )
    )
    add_ball(
        world["pelvis"] + spine * 0.06,
        trunk @ np.diag([0.19, 0.13, 0.13]),
        textures.plain(outfit.trousers, 0.06),
        TORSO,
    )
    shapes.append(limb(world["neck"] - up * 0.05 * scale, world["head"], 0.065 * scale, skin, HEAD))
    add_ball(world["head"], head_basis, _face(outfit.skin, outfit.hair), HEAD)
    nose = world["head"] + head_basis @ np.array([0.0, 0.97, -0.12])
    add_ball(nose, frame * (HEAD_RADIUS * 0.16), textures.plain(outfit.skin * 0.9, 0), HEAD)
    forearm = outfit.sleeve if outfit.long_sleeves else outfit.skin
    for side in ("left", "right"):
        add_limb(f"{side}_shoulder", f"{side}_elbow", 0.068, outfit.sleeve, UPPER_ARM)
        add_limb(f"{side}_elbow", f"{side}_wrist", 0.055, forearm, LOWER_ARM)
        reach = world[f"{side}_wrist"] - world[f"{side}_elbow"]
        hand = world[f"{side}_wrist"] + reach / np.linalg.norm(reach) * 0.05 * scale
        add_ball(hand, frame * 0.066, skin, LOWER_ARM)
        add_limb(f"{side}_hip", f"{side}_knee", 0.090, outfit.trousers, UPPER_LEG)
        add_limb(f"{side}_knee", f"{side}_ankle", 0.070, outfit.trousers, LOWER_LEG)
        toe = world[f"{side}_ankle"] + frame @ np.array([0.0, 0.13, -0.01])
        shapes.append(
            limb(
                world[f"{side}_ankle"], toe, 0.066 * scale, textures.plain(outfit.shoes), LOWER_LEG
            )
        )
    for name, position in FACE_POINTS.items():
        world[name] = world["head"] + head_basis @ np.array(position)
    keypoints = np.stack([world[name] for name in classes.KEYPOINT_NAMES]).astype(np.float32)
    cover = {"shoulder": 0.17, "hip": 0.17, "knee": 0.12, "elbow": 0.10}
    margins = [cover.get(name.split("_")[-1], 0.09) for name in classes.KEYPOINT_NAMES]
    return shapes, keypoints, np.array(margins, np.float32) * scale * max(thickness, 1.0)
