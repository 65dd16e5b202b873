"""Geometry of the grid: columns and rows are straight, whatever the pictures' sizes."""

import numpy as np

from argus.visualization.grid import picture_grid
from tests.visualization.test_sheet import COLORS, extent, plain


def test_picture_grid__columns_and_rows_are_straight() -> None:
    shapes = [(100, 200), (50, 50), (300, 150), (100, 400)]
    a, b, c, d = (plain(color, *shape) for color, shape in zip(COLORS, shapes, strict=True))
    grid = picture_grid([[a, b], [c, d]], ["x", "y"], cell_width_px=200)
    boxes = [extent(grid, color) for color in COLORS]
    for (x0, y0, x1, y1), (height, width) in zip(boxes, shapes, strict=True):
        assert x1 - x0 == 200 and abs((y1 - y0) - 200 * height / width) <= 1
    assert boxes[0][0] == boxes[2][0] and boxes[1][0] == boxes[3][0] > boxes[0][2]
    assert boxes[0][1] == boxes[1][1] and boxes[2][1] == boxes[3][1]
    assert boxes[2][1] >= max(boxes[0][3], boxes[1][3])
    assert boxes[2][3] <= grid.shape[0] and boxes[3][2] <= grid.shape[1]
    captioned = picture_grid([[a, b], [c, d]], ["x", "y"], captions=["1", "2"], cell_width_px=200)
    assert captioned.shape[0] > grid.shape[0] and captioned.shape[1] == grid.shape[1]
    assert (np.array(extent(captioned, COLORS[1])) > np.array(boxes[1]))[1]
