"""Several pictures on one: side by side, or as a contact sheet with titles."""

from collections.abc import Sequence

import numpy as np
from PIL import Image, ImageDraw

from argus.visualization.canvas import fit_text, text_size
from argus.visualization.fonts import load_font
from argus.visualization.palette import BLACK, WHITE

_SHEET_ASPECT = 1.4
# A title above, a legend below.
_CELL_TO_PICTURE_HEIGHT = 1.15
# By the width.
_MAX_CELL_HEIGHT = 4


def contact_sheet(
    images: Sequence[np.ndarray],
    titles: Sequence[str],
    columns: int = 3,
    *,
    cell_width_px: int = 640,
) -> np.ndarray:
    """Pictures of any size in a grid, each under its title.

    Every picture is scaled to the cell width, one that is very high to four times that as height; a
    row is as high as its highest picture.

    Args:
        images: RGB ``(H, W, 3)`` uint8.
        titles: One per picture.
        columns: Pictures per row.
        cell_width_px: Width of a picture.

    Returns:
        RGB uint8; white between the pictures.
    """
    assert len(images) == len(titles), f"{len(images)} pictures but {len(titles)} titles"
    assert images and columns > 0, "a sheet needs pictures and columns"
    columns = min(columns, len(images))
    cells = [scale_to_cell(image, cell_width_px) for image in images]
    font_px = max(14, min(cell_width_px, 2 * max(cell.height for cell in cells)) // 26)
    gap, title_height = font_px // 2, text_size("", font_px)[1] + font_px // 4
    rows = [range(i, min(i + columns, len(cells))) for i in range(0, len(cells), columns)]
    heights = [max(cells[i].height for i in row) + title_height + gap for row in rows]
    size = (columns * (cell_width_px + gap) + gap, sum(heights) + gap)
    sheet = Image.new("RGB", size, WHITE)
    draw = ImageDraw.Draw(sheet)
    top = gap
    for row, height in zip(rows, heights, strict=True):
        for column, index in enumerate(row):
            left = gap + column * (cell_width_px + gap)
            title = fit_text(titles[index], font_px, cell_width_px)
            middle = (left, top + title_height / 2)
            draw.text(middle, title, fill=BLACK, font=load_font(font_px, title), anchor="lm")
            sheet.paste(cells[index], (left, top + title_height))
        top += height
    return np.array(sheet)


def choose_columns(count: int, aspect: float) -> int:
    """Columns that make a sheet a little wider than high, with few empty cells in the last row.

    Args:
        count: Pictures.
        aspect: Width of a picture by its height.
    """

    def badness(columns: int) -> float:
        rows = -(-count // columns)
        shape = columns * aspect / (rows * _CELL_TO_PICTURE_HEIGHT)
        return abs(float(np.log(shape / _SHEET_ASPECT))) + 0.1 * (columns * rows - count)

    return min(range(1, count + 1), key=badness)


def side_by_side(images: Sequence[np.ndarray], captions: Sequence[str]) -> np.ndarray:
    """Pictures of one width in a row, each under its caption; nothing is resized."""
    width = max(image.shape[1] for image in images)
    return contact_sheet(images, captions, columns=len(images), cell_width_px=width)


def scale_to_cell(image: np.ndarray, cell_width: int) -> Image.Image:
    """A picture of the width of a cell, or of four times that as height."""
    picture = Image.fromarray(np.ascontiguousarray(image))
    if picture.width == cell_width:
        return picture
    scale = min(cell_width / picture.width, _MAX_CELL_HEIGHT * cell_width / picture.height)
    width, height = max(1, round(picture.width * scale)), max(1, round(picture.height * scale))
    kind = Image.Resampling.LANCZOS if scale < 1 else Image.Resampling.BICUBIC
    return picture.resize((width, height), kind)
