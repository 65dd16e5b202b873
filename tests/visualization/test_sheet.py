"""Geometry of the contact sheet."""

import numpy as np
import pytest

from argus.visualization import contact_sheet, side_by_side
from argus.visualization.sheet import choose_columns

COLORS = [(200, 0, 0), (0, 200, 0), (0, 0, 200), (200, 200, 0)]


def plain(color, height: int, width: int) -> np.ndarray:
    return np.full((height, width, 3), color, dtype=np.uint8)


def extent(sheet: np.ndarray, color) -> tuple[int, int, int, int]:
    rows, columns = np.nonzero((sheet == np.array(color)).all(-1))
    return columns.min(), rows.min(), columns.max() + 1, rows.max() + 1


def test_contact_sheet__cells_form_a_grid():
    shapes = [(100, 200), (50, 50), (300, 150), (100, 400)]
    images = [plain(c, *shape) for c, shape in zip(COLORS, shapes, strict=True)]
    sheet = contact_sheet(images, list("abcd"), columns=2, cell_width_px=200)
    boxes = [extent(sheet, color) for color in COLORS]
    for (x0, y0, x1, y1), (height, width) in zip(boxes, shapes, strict=True):
        assert x1 - x0 == 200
        assert y1 - y0 == pytest.approx(200 * height / width, abs=1)
    assert boxes[0][0] == boxes[2][0] and boxes[1][0] == boxes[3][0]  # columns
    assert boxes[0][1] == boxes[1][1] and boxes[2][1] == boxes[3][1]  # rows
    assert boxes[1][0] > boxes[0][2]
    # The second row starts below the highest picture of the first, with room for its titles.
    assert boxes[2][1] >= max(boxes[0][3], boxes[1][3]) + 14
    assert boxes[2][3] <= sheet.shape[0] and boxes[3][2] <= sheet.shape[1]


def test_contact_sheet__very_high_picture_is_four_times_as_high_as_its_cell():
    sheet = contact_sheet([plain(COLORS[0], 5000, 5)], ["a"], cell_width_px=100)
    x0, y0, x1, y1 = extent(sheet, COLORS[0])
    assert y1 - y0 == 400 and x1 - x0 == 1


def test_contact_sheet__titles_stand_above_their_pictures():
    images = [plain(COLORS[0], 100, 100), plain(COLORS[1], 100, 100)]
    sheet = contact_sheet(images, ["", "long title " * 30], columns=2, cell_width_px=300)
    (x0, y0, x1, _), (other_x0, _, other_x1, _) = (extent(sheet, c) for c in COLORS[:2])
    assert (sheet[:y0, :x1] == 255).all()
    title = sheet[:y0, other_x0:other_x1]
    assert (title < 128).any()
    # Shortened to its cell: the margin at the right stays white.
    assert (sheet[:y0, other_x1:] == 255).all()


def test_contact_sheet__fewer_pictures_than_columns():
    one = contact_sheet([plain(COLORS[0], 50, 50)], ["a"], columns=4, cell_width_px=100)
    assert one.shape[1] < 150


def test_contact_sheet__wrong_number_of_titles():
    with pytest.raises(AssertionError, match="1 pictures but 2 titles"):
        contact_sheet([plain(COLORS[0], 5, 5)], ["a", "b"])


def test_side_by_side__pictures_keep_their_pixels():
    images = [plain(COLORS[0], 100, 300), plain(COLORS[1], 140, 300)]
    pair = side_by_side(images, ["left", "right"])
    for color, image in zip(COLORS[:2], images, strict=True):
        x0, y0, x1, y1 = extent(pair, color)
        assert (y1 - y0, x1 - x0) == image.shape[:2]


@pytest.mark.parametrize(
    ("count", "aspect", "columns"), [(1, 1, 1), (2, 1, 2), (12, 1, 4), (12, 4, 2), (6, 0.5, 6)]
)
def test_choose_columns__sheet_is_a_little_wider_than_high(count, aspect, columns):
    assert choose_columns(count, aspect) == columns


@pytest.mark.parametrize("aspect", [0.3, 0.75, 1, 1.5, 4])
def test_choose_columns__no_sheet_is_a_strip(aspect):
    for count in range(4, 20):
        columns = choose_columns(count, aspect)
        rows = -(-count // columns)
        assert 0.4 < columns * aspect / rows < 6, (count, columns, rows)
        assert columns * (rows - 1) < count
