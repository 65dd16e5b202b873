"""Analytic shapes and their intersection with rays.

Every shape is a unit shape under a linear map: a world point is ``centre + basis @ q`` with q in
the unit frame. A ray keeps its parameter t under that map, so all hits are exact and comparable.
Unit shapes (axis z): ellipsoid |q| = 1; box |q_i| <= 1; cylinder x^2 + y^2 <= 1, |z| <= 1; cone
with apex z = 1 and unit base at z = -1; capsule of unit radius about |z| <= half_length.

Arrays are (3, N) float32. Rays are solved from the point nearest to the shape's centre, which
keeps float32 accurate for thin limbs far from the camera.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

Texture = Callable[[np.ndarray], np.ndarray]
"""Unit-frame points (3, N) -> linear RGB (3, N) in [0, 1]."""

MISS = np.float32(np.inf)
_CORNERS = np.array(np.meshgrid([-1, 1], [-1, 1], [-1, 1]), np.float32).reshape(3, 8)
SHAPES = ("ellipsoid", "box", "cylinder", "cone", "capsule")


@dataclass
class Primitive:
    """One shape of an object.

    Args:
        shape: One of `SHAPES`.
        centre: (3,) world position, metres.
        basis: (3, 3) map from the unit frame to the world, columns are the half axes.
        texture: Colour of the surface.
        half_length: Half length of a capsule's axis in units of its radius.
        part: Human part label, 0 for none.
        gloss: Strength of the highlight, 0 to 1.

    Attributes:
        inverse: (3, 3) map from world offsets to the unit frame.
        corners: (3, 8) world corners of the box around the shape.
        radius: Radius of a sphere around the centre that holds the shape, metres.
    """

    shape: str
    centre: np.ndarray
    basis: np.ndarray
    texture: Texture
    half_length: float = 0.0
    part: int = 0
    gloss: float = 0.1

    def __post_init__(self) -> None:
        assert self.shape in SHAPES, self.shape
        self.centre = np.asarray(self.centre, np.float32)
        self.basis = np.asarray(self.basis, np.float32)
        self.inverse = np.linalg.inv(self.basis)
        reach = _CORNERS * np.array([[1], [1], [1 + self.half_length]], np.float32)
        offsets = self.basis @ reach
        self.corners = self.centre[:, None] + offsets
        self.radius = float(np.sqrt(dot(offsets, offsets).max()))

    def to_unit(self, points: np.ndarray) -> np.ndarray:
        """World points (3, N) in the unit frame."""
        return self.inverse @ (points - self.centre[:, None])

    def intersect(self, origins: np.ndarray, directions: np.ndarray) -> np.ndarray:
        """First hit of each ray that starts outside the shape.

        Args:
            origins: (3, 1) or (3, N) world positions.
            directions: (3, 1) or (3, N) world directions, any length.

        Returns:
            (N,) ray parameter t > 0, `MISS` where the ray misses.
        """
        origin = self.to_unit(origins)
        direction = self.inverse @ directions
        length2 = dot(direction, direction)
        nearest = -dot(origin, direction) / length2
        start = origin + nearest * direction
        t = nearest + _UNIT_HITS[self.shape](start, direction, self.half_length)
        return np.where(t > 1e-4, t, MISS)

    def normals(self, points: np.ndarray) -> np.ndarray:
        """Outward unit normals (3, N) in world axes at surface points (3, N)."""
        gradient = _UNIT_NORMALS[self.shape](self.to_unit(points), self.half_length)
        normal = self.inverse.T @ gradient
        return normal / np.sqrt(dot(normal, normal))


def dot(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """Dot products of (3, N) vectors, (N,); faster than a sum over the first axis."""
    return a[0] * b[0] + a[1] * b[1] + a[2] * b[2]


def _interval(enter: np.ndarray, leave: np.ndarray) -> np.ndarray:
    return np.where(enter <= leave, enter, MISS)


def _slab(o: np.ndarray, d: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Parameters at which one coordinate enters and leaves [-1, 1]."""
    safe = np.where(np.abs(d) < 1e-9, np.float32(1e-9), d)
    reach = 1 / np.abs(safe)
    middle = -o / safe
    return middle - reach, middle + reach


def _disc(o: np.ndarray, d: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Parameters at which (x, y) enters and leaves the unit circle; enter > leave on a miss."""
    a = np.maximum(d[0] * d[0] + d[1] * d[1], np.float32(1e-12))
    middle = -(o[0] * d[0] + o[1] * d[1]) / a
    x, y = o[0] + middle * d[0], o[1] + middle * d[1]
    rest = 1 - x * x - y * y
    half = np.sqrt(np.maximum(rest, 0) / a)
    half = np.where(rest >= 0, half, -MISS)
    return middle - half, middle + half


def _hit_ellipsoid(o: np.ndarray, d: np.ndarray, _: float) -> np.ndarray:
    rest = 1 - dot(o, o)
    return np.where(rest >= 0, -np.sqrt(np.maximum(rest, 0) / dot(d, d)), MISS)


def _hit_box(o: np.ndarray, d: np.ndarray, _: float) -> np.ndarray:
    slabs = [_slab(o[i], d[i]) for i in range(3)]
    enter = np.maximum(np.maximum(slabs[0][0], slabs[1][0]), slabs[2][0])
    leave = np.minimum(np.minimum(slabs[0][1], slabs[1][1]), slabs[2][1])
    return _interval(enter, leave)


def _hit_cylinder(o: np.ndarray, d: np.ndarray, _: float) -> np.ndarray:
    side, cap = _disc(o, d), _slab(o[2], d[2])
    return _interval(np.maximum(side[0], cap[0]), np.minimum(side[1], cap[1]))


def _hit_cone(o: np.ndarray, d: np.ndarray, _: float) -> np.ndarray:
    # x^2 + y^2 = ((1 - z) / 2)^2 for |z| <= 1, and the disc at z = -1.
    a = d[0] * d[0] + d[1] * d[1] - d[2] * d[2] / 4
    a = np.where(np.abs(a) < 1e-9, np.float32(1e-9), a)
    b = o[0] * d[0] + o[1] * d[1] + (1 - o[2]) * d[2] / 4
    c = o[0] * o[0] + o[1] * o[1] - (1 - o[2]) ** 2 / 4
    rest = b * b - a * c
    root = np.sqrt(np.maximum(rest, 0))
    best = np.full(np.shape(rest), MISS, np.float32)
    for sign in (-1, 1):
        t = (-b + sign * root) / a
        valid = (rest >= 0) & (np.abs(o[2] + t * d[2]) <= 1)
        best = np.where(valid, np.minimum(best, t), best)
    safe = np.where(np.abs(d[2]) < 1e-9, np.float32(1e-9), d[2])
    t = (-1 - o[2]) / safe
    x, y = o[0] + t * d[0], o[1] + t * d[1]
    return np.where(x * x + y * y <= 1, np.minimum(best, t), best)


def _hit_capsule(o: np.ndarray, d: np.ndarray, half_length: float) -> np.ndarray:
    side, _ = _disc(o, d)
    z = o[2] + np.where(np.isfinite(side), side, 0) * d[2]
    # Past the straight part the first hit is on the cap of that end.
    cap = np.where(z > 0, np.float32(half_length), np.float32(-half_length))
    oz = o[2] - cap
    length2 = dot(d, d)
    middle = -(o[0] * d[0] + o[1] * d[1] + oz * d[2]) / length2
    x, y, w = o[0] + middle * d[0], o[1] + middle * d[1], oz + middle * d[2]
    rest = 1 - x * x - y * y - w * w
    on_cap = np.where(rest >= 0, middle - np.sqrt(np.maximum(rest, 0) / length2), MISS)
    return np.where(np.isfinite(side), np.where(np.abs(z) <= half_length, side, on_cap), MISS)


def _normal_ellipsoid(q: np.ndarray, _: float) -> np.ndarray:
    return q


def _normal_box(q: np.ndarray, _: float) -> np.ndarray:
    axis = np.abs(q).argmax(axis=0)
    return np.sign(q) * (np.arange(3)[:, None] == axis)


def _normal_cylinder(q: np.ndarray, _: float) -> np.ndarray:
    on_cap = np.abs(q[2]) > np.sqrt(q[0] * q[0] + q[1] * q[1])
    zero = np.zeros_like(q[0])
    cap = np.stack([zero, zero, np.sign(q[2])])
    return np.where(on_cap, cap, np.stack([q[0], q[1], zero]))


def _normal_cone(q: np.ndarray, _: float) -> np.ndarray:
    zero = np.zeros_like(q[0])
    base = np.stack([zero, zero, zero - 1])
    on_base = (q[2] + 1) < np.abs((1 - q[2]) / 2 - np.sqrt(q[0] * q[0] + q[1] * q[1]))
    return np.where(on_base, base, np.stack([q[0], q[1], (1 - q[2]) / 4]))


def _normal_capsule(q: np.ndarray, half_length: float) -> np.ndarray:
    return np.stack([q[0], q[1], q[2] - np.clip(q[2], -half_length, half_length)])


_UNIT_HITS = {
    "ellipsoid": _hit_ellipsoid,
    "box": _hit_box,
    "cylinder": _hit_cylinder,
    "cone": _hit_cone,
    "capsule": _hit_capsule,
}
_UNIT_NORMALS = {
    "ellipsoid": _normal_ellipsoid,
    "box": _normal_box,
    "cylinder": _normal_cylinder,
    "cone": _normal_cone,
    "capsule": _normal_capsule,
}


@dataclass
class Plane:
    """An infinite plane with a colour: floor, ground or wall.

    Args:
        normal: (3,) unit normal in world axes, towards the viewer.
        offset: Plane equation ``normal . p = offset``, metres.
        texture: Colour from world points (3, N).
        label: Stuff class name.
        gloss: Strength of the highlight, 0 to 1.
    """

    normal: np.ndarray
    offset: float
    texture: Texture
    label: str
    gloss: float = 0.0

    def intersect(self, origins: np.ndarray, directions: np.ndarray) -> np.ndarray:
        """Hit of each ray, (N,) t > 0 or `MISS`; arguments as for `Primitive.intersect`."""
        n = np.asarray(self.normal, np.float32)[:, None]
        slope = dot(n, directions)
        safe = np.where(np.abs(slope) < 1e-9, np.float32(1e-9), slope)
        t = (np.float32(self.offset) - dot(n, origins)) / safe
        # The plane is seen from its front alone.
        return np.where((t > 1e-4) & (slope < 0), t, MISS)

    def normals(self, points: np.ndarray) -> np.ndarray:
        """The normal for each of (3, N) points, (3, N)."""
        return np.broadcast_to(np.asarray(self.normal, np.float32)[:, None], points.shape)


def frame_along(axis: np.ndarray) -> np.ndarray:
    """A rotation whose third column is `axis` normalised, (3, 3)."""
    z = np.asarray(axis, np.float64) / np.linalg.norm(axis)
    helper = np.array([0.0, 1.0, 0.0]) if abs(z[1]) < 0.9 else np.array([1.0, 0.0, 0.0])
    x = np.cross(helper, z)
    x /= np.linalg.norm(x)
    return np.stack([x, np.cross(z, x), z], axis=1).astype(np.float32)


def turned(angle: float) -> np.ndarray:
    """Rotation about the vertical by `angle` radians, (3, 3)."""
    sin, cos = np.sin(angle), np.cos(angle)
    return np.array([[cos, -sin, 0], [sin, cos, 0], [0, 0, 1]], np.float32)


def limb(
    start: np.ndarray, end: np.ndarray, radius: float, texture: Texture, part: int
) -> Primitive:
    """A capsule about the segment from `start` to `end` ((3,) world positions), `radius` in m."""
    axis = np.asarray(end) - np.asarray(start)
    length = float(np.linalg.norm(axis))
    return Primitive(
        "capsule",
        centre=(np.asarray(start) + np.asarray(end)) / 2,
        basis=frame_along(axis) * radius,
        texture=texture,
        half_length=length / 2 / radius,
        part=part,
    )
