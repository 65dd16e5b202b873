"""Cameras of known pose: rotations, points in space, and where they are seen."""

import math

import torch
from torch import Tensor


def rotation_of(quaternion: Tensor) -> Tensor:
    """Rotation matrices (..., 3, 3) of quaternions (..., 4), w first, of any length but 0."""
    w, x, y, z = (quaternion / quaternion.norm(dim=-1, keepdim=True)).unbind(-1)
    entries = [
        *(1 - 2 * (y * y + z * z), 2 * (x * y - z * w), 2 * (x * z + y * w)),
        *(2 * (x * y + z * w), 1 - 2 * (x * x + z * z), 2 * (y * z - x * w)),
        *(2 * (x * z - y * w), 2 * (y * z + x * w), 1 - 2 * (x * x + y * y)),
    ]
    return torch.stack(entries, dim=-1).unflatten(-1, (3, 3))


def pose_of(quaternion: Tensor, translation: Tensor) -> Tensor:
    """The matrix (4, 4) from an object's coordinates to a camera's.

    Args:
        quaternion: (4,), w first.
        translation: (3,).
    """
    pose = torch.eye(4, dtype=quaternion.dtype)
    pose[:3, :3] = rotation_of(quaternion)
    pose[:3, 3] = translation
    return pose


def angle_of(rotations: Tensor) -> Tensor:
    """Angles (...,) in degrees, 0 to 180, of rotation matrices (..., 3, 3)."""
    cosine = (rotations.diagonal(dim1=-2, dim2=-1).sum(-1) - 1) / 2
    return cosine.clamp(-1, 1).acos() * (180 / math.pi)


def moved(points: Tensor, pose: Tensor) -> Tensor:
    """Points (n, 3) in the coordinates that a pose (4, 4) leads to."""
    return points @ pose[:3, :3].T + pose[:3, 3]


def seen_at(points: Tensor, focal_px: float) -> Tensor:
    """Where points (n, 3) of a camera are seen: (n, 2) pixels from the middle of the picture."""
    return focal_px * points[:, :2] / points[:, 2:].clamp(min=1e-9)


def points_of(depth: Tensor, focal_px: float) -> Tensor:
    """The point in space of each pixel, its axes to the right, downwards and away.

    Args:
        depth: (H, W) along the axis of the camera; 0 where it is unknown.
        focal_px: The camera looks through the middle of the picture.

    Returns:
        (3, H, W) in the unit of the depth; 0 where it is unknown.
    """
    height, width = depth.shape
    x = (torch.arange(width).to(depth) + 0.5 - width / 2) / focal_px
    y = (torch.arange(height).to(depth) + 0.5 - height / 2) / focal_px
    return torch.stack([depth * x, depth * y[:, None], depth])
