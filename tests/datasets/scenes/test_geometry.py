"""Analytic shapes against closed forms and against a march along the ray."""

import numpy as np
import pytest

from argus.datasets.scenes.camera import Camera
from argus.datasets.scenes.geometry import (
    MISS,
    SHAPES,
    Plane,
    Primitive,
    frame_along,
    limb,
    turned,
)

HALF_LENGTH = 0.8


def white(points: np.ndarray) -> np.ndarray:
    return np.ones_like(points)


def inside(shape: str, q: np.ndarray) -> np.ndarray:
    """Whether unit-frame points lie in the solid: written independently of the ray solver."""
    x, y, z = q
    across = np.hypot(x, y)
    if shape == "ellipsoid":
        return across**2 + z**2 < 1
    if shape == "box":
        return np.abs(q).max(axis=0) < 1
    if shape == "cylinder":
        return (across < 1) & (np.abs(z) < 1)
    if shape == "cone":
        return (np.abs(z) < 1) & (across < (1 - z) / 2)
    return across**2 + np.maximum(np.abs(z) - HALF_LENGTH, 0) ** 2 < 1


def tilted(shape: str) -> Primitive:
    basis = frame_along(np.array([0.3, -0.5, 0.8])) @ np.diag([0.5, 0.3, 0.7])
    half = HALF_LENGTH if shape == "capsule" else 0.0
    return Primitive(shape, np.array([0.2, 4.0, 0.6]), basis, white, half_length=half)


@pytest.mark.parametrize("shape", SHAPES)
def test_intersect__agrees_with_a_march_along_the_ray(shape: str) -> None:
    primitive = tilted(shape)
    camera = Camera(40, 40, focal=60.0, elevation=1.0, pitch=0.1)
    rays = camera.rays().reshape(3, -1)
    t = primitive.intersect(camera.position[:, None], rays)
    step = 0.004
    marched = np.full(len(t), np.inf)
    for distance in np.arange(2.5, 5.5, step):
        q = primitive.to_unit(camera.position[:, None] + distance * rays)
        marched[np.isinf(marched) & inside(shape, q)] = distance
    agree = np.isinf(t) == np.isinf(marched)
    # Rays that graze the outline for less than a step may be missed by the march.
    assert agree.mean() > 0.99
    both = np.isfinite(t) & np.isfinite(marched)
    assert both.sum() > 60
    assert (marched[both] - t[both] >= -1e-4).all()
    assert (marched[both] - t[both] <= step + 1e-4).all()


@pytest.mark.parametrize("shape", SHAPES)
def test_normals__unit_and_towards_the_viewer(shape: str) -> None:
    primitive = tilted(shape)
    camera = Camera(64, 64, focal=90.0, elevation=1.0, pitch=0.1)
    rays = camera.rays().reshape(3, -1)
    t = primitive.intersect(camera.position[:, None], rays)
    hit = t < MISS
    points = camera.position[:, None] + rays[:, hit] * t[hit]
    normals = primitive.normals(points)
    np.testing.assert_allclose(np.linalg.norm(normals, axis=0), 1, atol=1e-5)
    # A step along the normal leaves the solid, a step against it enters.
    half = primitive.half_length
    assert half == (HALF_LENGTH if shape == "capsule" else 0.0)
    assert not inside(shape, primitive.to_unit(points + 2e-3 * normals)).any()
    assert inside(shape, primitive.to_unit(points - 2e-3 * normals)).mean() > 0.97
    assert ((normals * rays[:, hit]).sum(axis=0) < 1e-3).all()


def test_intersect__sphere_centre_depth() -> None:
    camera = Camera(65, 65, focal=80.0, elevation=1.0, pitch=0.0)
    sphere = Primitive("ellipsoid", np.array([0.0, 5.0, 1.0]), np.eye(3) * 0.7, white)
    t = sphere.intersect(camera.position[:, None], camera.rays()[:, 32, 32, None])
    assert t[0] == pytest.approx(5.0 - 0.7, abs=1e-5)


def test_intersect__thin_limb_far_away_is_accurate() -> None:
    radius = 0.03
    capsule = limb(np.array([0, 20.0, 0.0]), np.array([0, 20.0, 2.0]), radius, white, part=3)
    t = capsule.intersect(np.array([[0.0], [0.0], [1.0]]), np.array([[0.0], [1.0], [0.0]]))
    assert t[0] == pytest.approx(20.0 - radius, abs=1e-4)
    assert capsule.part == 3


def test_plane__depth_of_the_ground_in_closed_form() -> None:
    camera = Camera(64, 48, focal=60.0, elevation=1.5, pitch=0.3)
    plane = Plane(np.array([0, 0, 1.0]), 0.0, white, "ground")
    t = plane.intersect(camera.position[:, None], camera.rays().reshape(3, -1)).reshape(48, 64)
    rows = (np.arange(48) - camera.centre[1]) / 60.0
    # A ray with camera y / z = r falls by sin(pitch) + r cos(pitch) per unit of depth.
    fall = np.sin(0.3) + rows * np.cos(0.3)
    expected = np.where(fall > 0, 1.5 / np.where(fall > 0, fall, 1), np.inf)
    np.testing.assert_allclose(t, np.repeat(expected[:, None], 64, axis=1), rtol=2e-4)


def test_camera__projection_inverts_the_rays() -> None:
    camera = Camera(40, 30, focal=50.0, elevation=1.4, pitch=0.2)
    depth = np.linspace(1, 9, 1200, dtype=np.float32).reshape(30, 40)
    points = camera.position[:, None] + (camera.rays() * depth).reshape(3, -1)
    pixels, back = camera.project(points)
    x, y = np.meshgrid(np.arange(40), np.arange(30))
    np.testing.assert_allclose(pixels, np.stack([x.ravel(), y.ravel()]), atol=2e-3)
    np.testing.assert_allclose(back, depth.ravel(), rtol=1e-5)


def test_turned__is_a_rotation_about_the_vertical() -> None:
    rotation = turned(0.7)
    np.testing.assert_allclose(rotation @ rotation.T, np.eye(3), atol=1e-6)
    np.testing.assert_allclose(rotation[:, 2], [0, 0, 1], atol=1e-7)
