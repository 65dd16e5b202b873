"""Casting and shading of whole scenes."""

import numpy as np
import pytest

from argus.datasets.scenes.backdrop import sample_backdrop
from argus.datasets.scenes.camera import Camera
from argus.datasets.scenes.classes import CLASSIFICATION_CLASSES
from argus.datasets.scenes.compose import (
    MIN_AREA_SHARE,
    MIN_VISIBLE_SHARE,
    sample_portrait,
    sample_scene,
)
from argus.datasets.scenes.geometry import Primitive
from argus.datasets.scenes.labels import label_scene
from argus.datasets.scenes.objects import Thing
from argus.datasets.scenes.render import NOTHING, Scene, cast, render


def scene_of(seed: int, width: int = 96, height: int = 96):
    return sample_scene(width, height, np.random.default_rng(seed))


@pytest.mark.parametrize("seed", range(4))
def test_normals__agree_with_the_gradient_of_depth(seed: int) -> None:
    scene, hits = scene_of(seed, 128, 128)
    labels = label_scene(scene, hits)
    camera = scene.camera
    x, y = np.meshgrid(np.arange(128), np.arange(128))
    z = labels.depth.astype(np.float64)
    points = np.stack(
        [(x - camera.centre[0]) / camera.focal * z, (y - camera.centre[1]) / camera.focal * z, z]
    )
    # Viewer axes: x right, y up, z towards the viewer.
    points *= np.array([1, -1, -1])[:, None, None]
    along_x = points[:, 1:-1, 2:] - points[:, 1:-1, :-2]
    along_y = points[:, 2:, 1:-1] - points[:, :-2, 1:-1]
    estimate = -np.cross(along_x, along_y, axis=0)
    estimate /= np.maximum(np.linalg.norm(estimate, axis=0), 1e-12)
    surface = hits.surface
    smooth = surface[1:-1, 1:-1] != NOTHING
    for shifted in (
        surface[1:-1, 2:],
        surface[1:-1, :-2],
        surface[2:, 1:-1],
        surface[:-2, 1:-1],
    ):
        smooth &= shifted == surface[1:-1, 1:-1]
    stated = labels.normals[1:-1, 1:-1].transpose(2, 0, 1)
    angle = np.degrees(np.arccos(np.clip((estimate * stated).sum(axis=0), -1, 1)))[smooth]
    # Edges of boxes and rims stay in: the median and the bulk must agree, not every pixel.
    assert np.median(angle) < 0.5
    assert (angle < 12).mean() > 0.95


@pytest.mark.parametrize("seed", range(4))
def test_normals__unit_and_facing_the_camera(seed: int) -> None:
    scene, hits = scene_of(seed)
    labels = label_scene(scene, hits)
    length = np.linalg.norm(labels.normals, axis=-1)
    np.testing.assert_allclose(length[labels.depth > 0], 1, atol=1e-4)
    assert (length[labels.depth == 0] == 0).all()
    rays = (scene.camera.axes @ hits.rays.reshape(3, -1)).reshape(hits.rays.shape)
    viewer = rays * np.array([1, -1, -1])[:, None, None]
    facing = (labels.normals * viewer.transpose(1, 2, 0)).sum(axis=-1)
    assert (facing[labels.depth > 0] < 1e-3).all()


def test_depth__back_wall_and_floor_of_a_room() -> None:
    for seed in range(50):
        scene, hits = scene_of(seed, 64, 64)
        if scene.backdrop.indoor:
            break
    wall = hits.surface == 1
    points = scene.camera.position[:, None, None] + hits.rays * hits.depth
    np.testing.assert_allclose(points[1][wall], -scene.backdrop.planes[1].offset, rtol=1e-5)
    np.testing.assert_allclose(points[2][hits.surface == 0], 0, atol=1e-4)
    assert np.isfinite(hits.depth).all()


@pytest.mark.parametrize("seed", range(12))
def test_scene__every_thing_can_be_seen(seed: int) -> None:
    scene, hits = scene_of(seed, 128, 128)
    owner = scene.owners[hits.surface]
    assert 3 <= len(scene.things) <= 6
    for index, extent in enumerate(hits.extent):
        area = (owner == index).sum()
        assert area >= MIN_VISIBLE_SHARE * extent
        assert area >= MIN_AREA_SHARE * 128 * 128


def test_extent__counts_a_thing_as_if_it_were_alone() -> None:
    scene, hits = scene_of(3)
    for index, thing in enumerate(scene.things):
        alone = cast(Scene(scene.camera, scene.backdrop, [thing]))
        assert hits.extent[index] == alone.extent[0]


def test_shadow__falls_where_the_sun_throws_it() -> None:
    backdrop = sample_backdrop(np.random.default_rng(0))
    backdrop.planes = backdrop.planes[:1]
    backdrop.planes[0].texture = lambda p: np.full_like(p, 0.5)
    backdrop.planes[0].gloss = 0.0
    backdrop.sun = np.array([0.6, 0.0, 0.8], np.float32)
    camera = Camera(96, 96, focal=90.0, elevation=2.0, pitch=0.4)
    centre = np.array([0.0, 4.0, 1.0])
    ball = Primitive("ellipsoid", centre, np.eye(3) * 0.3, lambda p: np.ones_like(p))
    thing = Thing("ball", "white", [ball], np.array([0.0, 4.0, 0.0]), 0.3)
    with_ball = render(Scene(camera, backdrop, [thing])).astype(int)
    without = render(Scene(camera, backdrop, [])).astype(int)
    # The shadow's centre: from the ball's centre along the light to the ground.
    shadow = centre - backdrop.sun / backdrop.sun[2] * centre[2]
    (x, y), _ = camera.project(shadow[:, None])
    column, row = int(round(float(x[0]))), int(round(float(y[0])))
    assert with_ball[row, column].mean() < 0.75 * without[row, column].mean()
    (x, y), _ = camera.project(np.array([[1.2], [4.0], [0.0]]))
    column, row = int(round(float(x[0]))), int(round(float(y[0])))
    assert abs(with_ball[row, column] - without[row, column]).max() <= 6


@pytest.mark.parametrize("name", CLASSIFICATION_CLASSES)
def test_portrait__the_thing_fills_the_middle(name: str) -> None:
    for seed in range(3):
        scene = sample_portrait(name, 96, 96, np.random.default_rng([7, seed]))
        mask = scene.owners[cast(scene).surface] == 0
        rows, cols = np.nonzero(mask)
        assert 0.4 < max(np.ptp(rows) / 96, np.ptp(cols) / 96) <= 1
        # The whole thing is in the picture.
        assert not mask[:, 0].any() and not mask[:, -1].any() and not mask[0].any()


def test_render__uses_the_range_of_a_picture() -> None:
    pictures = np.stack([render(scene_of(seed)[0]) for seed in range(6)])
    assert pictures.dtype == np.uint8 and pictures.shape == (6, 96, 96, 3)
    assert pictures.std() > 40
    assert (pictures == 255).mean() < 0.1 and (pictures == 0).mean() < 0.05


@pytest.mark.parametrize(("width", "height"), [(160, 96), (64, 256), (256, 64)])
def test_scene__other_sizes(width: int, height: int) -> None:
    for seed in range(5):
        scene, hits = scene_of(seed, width, height)
        assert hits.depth.shape == (height, width)
        assert 3 <= len(scene.things) <= 6
    assert render(scene).shape == (height, width, 3)
