"""Normals and classes of an empty room seen by a camera, computed exactly, for tests."""

import numpy as np

WALL, FLOOR, CEILING = 1, 2, 22


def room(
    height: int = 48, width: int = 64, *, yaw: float = 0.0, pitch: float = 0.0
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """A box of 4 x 3 x 4 m around a camera 1.3 m above its floor.

    Args:
        height: Pixels.
        width: Pixels.
        yaw: Turn of the camera to the right, radians.
        pitch: Turn upwards, radians.

    Returns:
        Normals (H, W, 3): x right, y up, z towards the viewer; classes (H, W) of 40; depth (H, W)
        in metres along the camera's axis.
    """
    rows, columns = np.mgrid[:height, :width]
    rays = np.stack(
        [
            (columns + 0.5 - width / 2) / (0.8 * width),
            -(rows + 0.5 - height / 2) / (0.8 * width),
            np.full((height, width), -1.0),
        ],
        axis=-1,
    )
    cos, sin = np.cos(pitch), np.sin(pitch)
    tilt = np.array([[1, 0, 0], [0, cos, -sin], [0, sin, cos]])
    cos, sin = np.cos(-yaw), np.sin(-yaw)
    turn = np.array([[cos, 0, sin], [0, 1, 0], [-sin, 0, cos]]) @ tilt  # camera to room
    directions = rays @ turn.T
    planes = [  # inward normal, distance of the camera, class
        ((1, 0, 0), 2.0, WALL),
        ((-1, 0, 0), 2.0, WALL),
        ((0, 1, 0), 1.3, FLOOR),
        ((0, -1, 0), 1.7, CEILING),
        ((0, 0, 1), 3.0, WALL),
        ((0, 0, -1), 1.0, WALL),
    ]
    steps = []
    for normal, distance, _ in planes:
        towards = -(directions @ np.array(normal))
        steps.append(np.where(towards > 1e-9, distance / np.maximum(towards, 1e-9), np.inf))
    nearest = np.argmin(steps, axis=0)
    normals = np.array([normal for normal, *_ in planes], np.float64)[nearest] @ turn
    classes = np.array([label for *_, label in planes], np.uint8)[nearest]
    return normals.astype(np.float32), classes, np.min(steps, axis=0)
