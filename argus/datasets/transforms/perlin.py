"""Gradient noise.

Source: "Improving Noise" (Perlin, SIGGRAPH 2002): random unit gradients on a lattice, blended by a
polynomial of degree five.
"""

import numpy as np


def perlin_noise(
    shape: tuple[int, int], cells: tuple[int, int], rng: np.random.Generator
) -> np.ndarray:
    """One octave of gradient noise.

    Args:
        shape: (height, width) in pixels.
        cells: Lattice cells along the height and the width.
        rng: Source of the gradients.

    Returns:
        (H, W) float32 in [-1, 1], mean about 0; zero at the corners of the cells.
    """
    angle = rng.uniform(0, 2 * np.pi, (cells[0] + 1, cells[1] + 1)).astype(np.float32)
    slopes = np.stack([np.sin(angle), np.cos(angle)], axis=-1)  # along y, along x
    row, y = _cell_and_offset(shape[0], cells[0])
    column, x = _cell_and_offset(shape[1], cells[1])
    blend_y, blend_x = _fade(y)[:, None], _fade(x)[None]

    def corner(down: int, right: int) -> np.ndarray:
        slope = slopes[row + down][:, column + right]
        return slope[..., 0] * (y - down)[:, None] + slope[..., 1] * (x - right)[None]

    top = corner(0, 0) * (1 - blend_x) + corner(0, 1) * blend_x
    bottom = corner(1, 0) * (1 - blend_x) + corner(1, 1) * blend_x
    # The blend of unit gradients reaches sqrt(1/2) at most.
    return np.asarray(np.sqrt(np.float32(2)) * (top * (1 - blend_y) + bottom * blend_y))


def _cell_and_offset(length: int, cells: int) -> tuple[np.ndarray, np.ndarray]:
    """Cell of every pixel and its place in the cell, in [0, 1)."""
    place = np.arange(length, dtype=np.float32) * np.float32(cells / length)
    cell = np.minimum(place.astype(np.int64), cells - 1)
    return cell, place - cell.astype(np.float32)


def _fade(t: np.ndarray) -> np.ndarray:
    return np.asarray(t * t * t * (t * (t * 6 - 15) + 10))
