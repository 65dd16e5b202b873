"""Putting a scene together: camera, backdrop, and things that can be seen."""

from dataclasses import replace

import numpy as np

from argus.datasets.scenes.backdrop import Backdrop, sample_backdrop
from argus.datasets.scenes.camera import Camera
from argus.datasets.scenes.classes import THING_CLASSES
from argus.datasets.scenes.objects import Thing, build_thing
from argus.datasets.scenes.render import NOTHING, Hits, Scene, cast

MIN_VISIBLE_SHARE = 0.3
"""An instance of which less is seen is placed anew."""
MIN_AREA_SHARE = 70 / (128 * 128)
"""Smallest visible area of an instance, as a share of the picture's shorter side squared."""
MAX_BOX_OVERLAP = 0.4
"""Largest share of the smaller of two boxes that the other may cover."""
MIN_THINGS = 3
"""A scene with fewer is drawn anew."""
_ATTEMPTS = 50
_ROUNDS = 4
_TRIES = 24


def sample_camera(width: int, height: int, rng: np.random.Generator) -> Camera:
    """A random camera at about eye level; the shorter side spans about 50 degrees."""
    return Camera(
        width,
        height,
        focal=float(rng.uniform(1.02, 1.14)) * min(width, height),
        elevation=float(rng.uniform(1.25, 1.85)),
        pitch=float(rng.uniform(0.14, 0.27)),
    )


def screen_box(camera: Camera, thing: Thing) -> np.ndarray:
    """Box around the projection of a thing's shapes, (4,) xyxy pixels, not clipped."""
    corners = np.concatenate([shape.corners for shape in thing.shapes], axis=1)
    pixels, _ = camera.project(corners)
    return np.concatenate([pixels.min(axis=1), pixels.max(axis=1)])


def sample_scene(width: int, height: int, rng: np.random.Generator) -> tuple[Scene, Hits]:
    """A random scene of three to six things and the label pass of its caster.

    Every thing in it is visible to at least `MIN_VISIBLE_SHARE` and `MIN_AREA_SHARE`.
    """
    for _ in range(_ATTEMPTS):
        scene, hits = _attempt(width, height, rng)
        if len(scene.things) >= MIN_THINGS:
            return scene, hits
    raise AssertionError(f"no room for {MIN_THINGS} things in {width} x {height} pixels")


def _attempt(width: int, height: int, rng: np.random.Generator) -> tuple[Scene, Hits]:
    """A scene that may hold fewer things than wanted."""
    camera = sample_camera(width, height, rng)
    backdrop = sample_backdrop(rng)
    num_people = int(rng.choice(3, p=[0.1, 0.55, 0.35]))
    num_things = int(rng.integers(4, 7))
    names = ["person"] * num_people
    names += [str(rng.choice(THING_CLASSES[1:])) for _ in range(num_things - num_people)]
    things: list[Thing] = []
    missing = names
    for _ in range(_ROUNDS):
        for name in missing:
            thing = _place(name, camera, backdrop, things, rng)
            if thing is not None:
                things.append(thing)
        scene = Scene(camera, backdrop, things)
        hits = cast(scene)
        seen = _seen(scene, hits)
        missing = [thing.name for thing, ok in zip(things, seen, strict=True) if not ok]
        if not missing:
            return scene, hits
        things = [thing for thing, ok in zip(things, seen, strict=True) if ok]
    # What could not be placed visibly is left out; the others hide each other no more than before.
    scene = Scene(camera, backdrop, things)
    return scene, cast(scene)


def _seen(scene: Scene, hits: Hits) -> np.ndarray:
    """Whether enough of each thing is visible, (num_things,) bool."""
    owner = scene.owners[hits.surface]
    area = np.bincount(owner[owner != NOTHING], minlength=len(scene.things))
    smallest = MIN_AREA_SHARE * min(hits.depth.shape) ** 2
    return (area >= MIN_VISIBLE_SHARE * hits.extent) & (area >= smallest)


def _place(
    name: str, camera: Camera, backdrop: Backdrop, others: list[Thing], rng: np.random.Generator
) -> Thing | None:
    """A thing at a free place in view, or None when no place was found."""
    near, far = (2.5, 4.1) if name == "person" else (2.3, 4.6)
    half_view = 0.5 * camera.width / camera.focal
    for _ in range(_TRIES):
        y = float(rng.uniform(near, far))
        x = float(rng.uniform(-1, 1)) * half_view * y * 0.9
        thing = build_thing(name, np.array([x, y, 0.0]), rng)
        if _fits(thing, camera, backdrop, others):
            return thing
    return None


def _fits(thing: Thing, camera: Camera, backdrop: Backdrop, others: list[Thing]) -> bool:
    x, y, _ = thing.position
    low, high = backdrop.side_limits
    if y + thing.radius > backdrop.depth_limit or not low + 0.3 < x < high - 0.3:
        return False
    box = screen_box(camera, thing)
    limits = np.array([camera.width, camera.height] * 2, np.float32)
    inside = np.clip(box, 0, limits)
    if _area(inside) < 0.85 * _area(box):
        return False
    for other in others:
        distance = np.hypot(*(thing.position - other.position)[:2])
        if distance < thing.radius + other.radius:
            return False
        second = screen_box(camera, other)
        shared = np.concatenate([np.maximum(box[:2], second[:2]), np.minimum(box[2:], second[2:])])
        if _area(shared) > MAX_BOX_OVERLAP * min(_area(box), _area(second)):
            return False
    return True


def _area(box: np.ndarray) -> float:
    width, height = np.maximum(box[2:] - box[:2], 0)
    return float(width * height)


def sample_portrait(name: str, width: int, height: int, rng: np.random.Generator) -> Scene:
    """A scene with one thing of class `name` that fills most of the picture."""
    backdrop = sample_backdrop(rng)
    thing = build_thing(name, np.array([0.0, 3.0, 0.0]), rng)
    middle = max(float(shape.corners[2].max()) for shape in thing.shapes) / 2
    rise = float(rng.uniform(0.5, 1.0))
    # Look at its middle from above, then zoom until it fills 55 to 85 % of the picture.
    pitch = float(np.arctan2(rise, thing.position[1]))
    camera = Camera(width, height, focal=float(height), elevation=middle + rise, pitch=pitch)
    box = screen_box(camera, thing)
    size = max((box[2] - box[0]) / width, (box[3] - box[1]) / height)
    zoom = float(rng.uniform(0.55, 0.85)) / float(size)
    tilt = float(rng.normal(0, 0.03)) / zoom
    return Scene(replace(camera, focal=height * zoom, pitch=pitch + tilt), backdrop, [thing])
