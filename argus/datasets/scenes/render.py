"""Ray casting: exact label maps at pixel centres and the shaded colour picture.

Labels and colours are two passes of the same caster: labels at one ray through each pixel centre,
colours at `SUPERSAMPLING` rays along each side, averaged. Rays have camera z = 1, so ray
parameters are depths.
"""

from dataclasses import dataclass

import cv2
import numpy as np

from argus.datasets.scenes.backdrop import Backdrop
from argus.datasets.scenes.camera import Camera
from argus.datasets.scenes.geometry import MISS, Plane, Primitive, dot
from argus.datasets.scenes.objects import Thing

SUPERSAMPLING = 2
NOTHING = -1
"""Surface index of the sky."""


@dataclass
class Scene:
    """A camera, a backdrop and things, ready to be cast."""

    camera: Camera
    backdrop: Backdrop
    things: list[Thing]

    @property
    def surfaces(self) -> list[Plane | Primitive]:
        """Planes first, then the shapes of every thing in order."""
        shapes = [shape for thing in self.things for shape in thing.shapes]
        return [*self.backdrop.planes, *shapes]

    @property
    def owners(self) -> np.ndarray:
        """Index of the thing each surface belongs to, `NOTHING` for planes."""
        owners = [NOTHING] * len(self.backdrop.planes)
        for index, thing in enumerate(self.things):
            owners += [index] * len(thing.shapes)
        return np.array(owners + [NOTHING], np.int32)  # the last one is looked up by NOTHING


@dataclass
class Hits:
    """What each ray meets first.

    Args:
        rays: (3, H, W) world directions with camera z = 1.
        depth: (H, W) metres along the camera axis, inf for the sky.
        surface: (H, W) index into `Scene.surfaces`, `NOTHING` for the sky.
        extent: Number of rays that would meet each thing were it alone, (num_things,).
    """

    rays: np.ndarray
    depth: np.ndarray
    surface: np.ndarray
    extent: np.ndarray


def _window(camera: Camera, corners: np.ndarray, supersampling: int) -> tuple[slice, slice]:
    """Rows and columns of the (super-sampled) picture that a convex hull of corners can cover."""
    pixels, depth = camera.project(corners)
    height, width = camera.height * supersampling, camera.width * supersampling
    if (depth <= 0.05).any():
        return slice(0, height), slice(0, width)
    low = np.floor((pixels.min(axis=1) + 0.5) * supersampling - 1).astype(int)
    high = np.ceil((pixels.max(axis=1) + 0.5) * supersampling + 1).astype(int)
    x0, y0 = np.clip(low, 0, [width, height])
    x1, y1 = np.clip(high, 0, [width, height])
    return slice(y0, y1), slice(x0, x1)


def cast(scene: Scene, supersampling: int = 1) -> Hits:
    """First hits of the rays through all (sub)pixel centres."""
    camera = scene.camera
    rays = camera.rays(supersampling)
    origin = camera.position[:, None]
    shape = rays.shape[1:]
    depth = np.full(shape, MISS, np.float32)
    surface = np.full(shape, NOTHING, np.int32)
    for index, plane in enumerate(scene.backdrop.planes):
        t = plane.intersect(origin, rays.reshape(3, -1)).reshape(shape)
        nearer = t < depth
        depth[nearer], surface[nearer] = t[nearer], index
    extent = np.zeros(len(scene.things), np.int64)
    index = len(scene.backdrop.planes)
    for number, thing in enumerate(scene.things):
        covered = np.zeros(shape, bool)
        for primitive in thing.shapes:
            window = _window(camera, primitive.corners, supersampling)
            part = rays[:, window[0], window[1]]
            if part.size:
                t = primitive.intersect(origin, part.reshape(3, -1)).reshape(part.shape[1:])
                covered[window] |= t < MISS
                nearer = t < depth[window]
                np.copyto(depth[window], t, where=nearer)
                surface[window][nearer] = index
            index += 1
        extent[number] = covered.sum()
    return Hits(rays, depth, surface, extent)


def surface_normals(scene: Scene, hits: Hits) -> np.ndarray:
    """World unit normals (3, H, W), zero for the sky; they face the camera."""
    normals = np.zeros_like(hits.rays)
    flat = normals.reshape(3, -1)
    surfaces = scene.surfaces
    for index, where in _by_surface(hits.surface, len(surfaces)):
        flat[:, where] = surfaces[index].normals(_points(scene, hits, where))
    return normals


def _by_surface(surface: np.ndarray, count: int) -> list[tuple[int, np.ndarray]]:
    """(surface index, flat pixel indices) of every surface that is seen."""
    flat = surface.reshape(-1)
    order = np.argsort(flat, kind="stable")
    bounds = np.searchsorted(flat[order], np.arange(count + 1))
    return [
        (index, order[bounds[index] : bounds[index + 1]])
        for index in range(count)
        if bounds[index] < bounds[index + 1]
    ]


def _points(scene: Scene, hits: Hits, where: np.ndarray) -> np.ndarray:
    rays = hits.rays.reshape(3, -1)[:, where]
    return scene.camera.position[:, None] + rays * hits.depth.reshape(-1)[where]


def render(scene: Scene) -> np.ndarray:
    """The colour picture, (H, W, 3) uint8 RGB."""
    s = SUPERSAMPLING
    hits = cast(scene, s)
    shape = hits.depth.shape
    surfaces = scene.surfaces
    backdrop = scene.backdrop
    points = np.zeros((3, hits.depth.size), np.float32)
    normals, albedo = np.zeros_like(points), np.zeros_like(points)
    gloss = np.zeros(hits.depth.size, np.float32)
    for index, where in _by_surface(hits.surface, len(surfaces)):
        surface = surfaces[index]
        points[:, where] = position = _points(scene, hits, where)
        normals[:, where] = surface.normals(position)
        local = position if isinstance(surface, Plane) else surface.to_unit(position)
        albedo[:, where] = surface.texture(local)
        gloss[where] = surface.gloss
    sun = _sun_directions(backdrop.sun, shape)
    facing = np.maximum(dot(normals, sun), 0)
    lit = _visible_sun(scene, points, normals, sun, np.flatnonzero(facing > 0))
    # A little blur stands for the size of the sun; sharp enough to stay under its object.
    lit = cv2.GaussianBlur(lit.reshape(shape), (0, 0), 0.7 * s).reshape(-1)
    above = (0.75 + 0.25 * normals[2]) * _openness(scene, points, normals)
    colour = albedo * (backdrop.sun_colour * (facing * lit) + backdrop.ambient * above)
    view = -hits.rays.reshape(3, -1)
    half = sun + view / np.sqrt(dot(view, view))
    half /= np.sqrt(dot(half, half))
    shine = np.maximum(dot(normals, half), 0) ** 40
    colour += backdrop.sun_colour * (gloss * shine * lit * (facing > 0))
    open_sky = np.flatnonzero(hits.surface.reshape(-1) == NOTHING)
    if len(open_sky):
        colour[:, open_sky] = backdrop.sky(hits.rays.reshape(3, -1)[:, open_sky])
    small = colour.reshape(3, shape[0] // s, s, shape[1] // s, s).sum(axis=(2, 4)) / s**2
    return develop(small)


def develop(colour: np.ndarray) -> np.ndarray:
    """Linear RGB (3, H, W) to an sRGB picture (H, W, 3) uint8, with a soft shoulder at white."""
    soft = np.where(colour > 0.7, 1 - 0.3 * np.exp(-(colour - 0.7) / 0.3), colour)
    encoded = np.clip(soft, 0, 1) ** np.float32(1 / 2.2) * 255 + 0.5
    return np.ascontiguousarray(encoded.astype(np.uint8).transpose(1, 2, 0))


def _sun_directions(sun: np.ndarray, shape: tuple[int, ...]) -> np.ndarray:
    """One direction to the sun per ray, (3, N): each sub-pixel sees another point of its disc."""
    s = SUPERSAMPLING
    side = np.cross(sun, [0.0, 0.0, 1.0])
    side /= np.linalg.norm(side)
    other = np.cross(sun, side)
    rows = (np.arange(shape[0]) % s)[:, None] * 2.0 / (s - 1) - 1
    cols = (np.arange(shape[1]) % s)[None, :] * 2.0 / (s - 1) - 1
    spread = 0.035
    jitter = side[:, None, None] * (rows * spread) + other[:, None, None] * (cols * spread)
    return (sun[:, None, None] + jitter).astype(np.float32).reshape(3, -1)


def _visible_sun(
    scene: Scene, points: np.ndarray, normals: np.ndarray, sun: np.ndarray, where: np.ndarray
) -> np.ndarray:
    """Share of sunlight that reaches each point (N,): 1, or 0 in a cast shadow."""
    lit = np.ones(points.shape[1], np.float32)
    start = points[:, where] + normals[:, where] * 2e-3
    direction = sun[:, where]
    mean = scene.backdrop.sun[:, None]
    dark = np.zeros(len(where), bool)
    for thing in scene.things:
        low = np.min([p.corners.min(axis=1) for p in thing.shapes], axis=0)
        high = np.max([p.corners.max(axis=1) for p in thing.shapes], axis=0)
        centre, reach = (low + high) / 2, float(np.linalg.norm(high - low)) / 2
        near = _near_line(start, mean, centre, reach)
        for primitive in thing.shapes:
            left = near[~dark[near]]
            left = left[_near_line(start[:, left], mean, primitive.centre, primitive.radius)]
            if len(left):
                dark[left] = primitive.intersect(start[:, left], direction[:, left]) < MISS
    lit[where[dark]] = 0
    return lit


def _near_line(
    start: np.ndarray, direction: np.ndarray, centre: np.ndarray, reach: float
) -> np.ndarray:
    """Indices of the half lines that pass within `reach` (and a sun's width) of a centre."""
    to_centre = centre[:, None].astype(np.float32) - start
    along = dot(to_centre, direction)
    across2 = dot(to_centre, to_centre) - along * along
    limit = reach + 0.06 * np.maximum(along, 0)
    return np.flatnonzero((along > -reach) & (across2 < limit * limit))


def _openness(scene: Scene, points: np.ndarray, normals: np.ndarray) -> np.ndarray:
    """Ambient light left by the things nearby, (N,) in (0, 1].

    Each thing counts as a sphere: the cosine-weighted share of the hemisphere it hides is about
    (n . v) r^2 / |v|^3.
    """
    hidden = np.zeros(points.shape[1], np.float32)
    for thing in scene.things:
        radius = np.float32(min(thing.radius, 0.35))
        centre = (thing.position + np.array([0, 0, radius]))[:, None].astype(np.float32)
        to_centre = centre - points
        distance2 = dot(to_centre, to_centre)
        limited = np.maximum(distance2, radius**2)
        cosine = np.maximum(dot(normals, to_centre), 0)
        hidden += cosine * radius**2 / limited / np.sqrt(limited)
    return 1 - np.minimum(0.8 * hidden, 0.75)
