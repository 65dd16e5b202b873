"""Pinhole camera above the ground.

World axes: x right, y away from the viewer, z up; metres; the ground is z = 0.
Camera axes: x right, y down, z forward (OpenCV). Pixel (row i, column j) has its centre at
(x, y) = (j, i): label coordinates are pixel-centre coordinates, as COCO keypoints are read.
"""

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Camera:
    """A pinhole camera at (0, 0, height) that looks along +y, pitched down.

    Args:
        width: Picture width, pixels.
        height: Picture height, pixels.
        focal: Focal length, pixels.
        elevation: Height above the ground, metres.
        pitch: Angle below the horizon, radians.
    """

    width: int
    height: int
    focal: float
    elevation: float
    pitch: float

    @property
    def position(self) -> np.ndarray:
        """Camera centre in world axes, (3,) float32."""
        return np.array([0.0, 0.0, self.elevation], np.float32)

    @property
    def axes(self) -> np.ndarray:
        """Rotation, (3, 3) float32: rows are the camera's x, y, z axes in world coordinates."""
        sin, cos = np.sin(self.pitch), np.cos(self.pitch)
        return np.array([[1, 0, 0], [0, -sin, -cos], [0, cos, -sin]], np.float32)

    def rays(self, supersampling: int = 1) -> np.ndarray:
        """World directions through all (sub)pixel centres, scaled to camera z = 1.

        With that scale the ray parameter of a hit *is* its depth.

        Args:
            supersampling: Samples per pixel along each side.

        Returns:
            (3, H * s, W * s) float32.
        """
        s = supersampling
        # Sub-pixel k of pixel j sits at j - 1/2 + (k + 1/2) / s.
        x = (np.arange(self.width * s, dtype=np.float32) + 0.5) / s - 0.5
        y = (np.arange(self.height * s, dtype=np.float32) + 0.5) / s - 0.5
        grid_x = np.broadcast_to((x - self.centre[0]) / self.focal, (len(y), len(x)))
        grid_y = np.broadcast_to(((y - self.centre[1]) / self.focal)[:, None], grid_x.shape)
        local = np.stack([grid_x, grid_y, np.ones_like(grid_x)]).astype(np.float32)
        return (self.axes.T @ local.reshape(3, -1)).reshape(local.shape)

    @property
    def centre(self) -> tuple[float, float]:
        """Principal point (x, y), pixels: the middle of the picture."""
        return (self.width - 1) / 2, (self.height - 1) / 2

    def project(self, points: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Project world points.

        Args:
            points: (3, N) world coordinates, metres.

        Returns:
            Pixel coordinates (2, N) as (x, y), and depths (N,) in metres. Points behind the
            camera have a depth below zero and meaningless coordinates.
        """
        local = self.axes @ (np.asarray(points, np.float32) - self.position[:, None])
        depth = local[2]
        safe = np.where(np.abs(depth) < 1e-6, 1e-6, depth)
        centre = np.array(self.centre, np.float32)[:, None]
        return local[:2] / safe * self.focal + centre, depth
