"""Pictures in rows and columns, the columns' titles above them once."""

from collections.abc import Sequence

import numpy as np
from PIL import Image, ImageDraw

from argus.visualization.canvas import fit_text, text_size
from argus.visualization.fonts import load_font
from argus.visualization.palette import BLACK, WHITE
from argus.visualization.sheet import scale_to_cell


def picture_grid(
    rows: Sequence[Sequence[np.ndarray]],
    titles: Sequence[str],
    *,
    captions: Sequence[str] = (),
    cell_width_px: int = 320,
) -> np.ndarray:
    """A table of pictures.

    Every picture is scaled to the width of a cell, one that is very high to four times that as
    height; a row is as high as its highest picture.

    Args:
        rows: RGB ``(H, W, 3)`` uint8 of any size, as many in each row as there are titles.
        titles: Of the columns.
        captions: A line above each row; none by default.
        cell_width_px: Width of a picture.

    Returns:
        RGB uint8; white between the pictures.
    """
    assert rows and titles, "a grid needs pictures and titles"
    assert all(len(row) == len(titles) for row in rows), "a row has other columns than the titles"
    assert len(captions) in (0, len(rows)), "captions are of all rows, or of none"
    font_px = max(13, cell_width_px // 20)
    gap, line = font_px // 2, text_size("", font_px)[1] + font_px // 4
    cells = [[scale_to_cell(image, cell_width_px) for image in row] for row in rows]
    caption = line if captions else 0
    heights = [max(cell.height for cell in row) + gap + caption for row in cells]
    width = len(titles) * (cell_width_px + gap) + gap
    sheet = Image.new("RGB", (width, gap + line + sum(heights)), WHITE)
    draw = ImageDraw.Draw(sheet)
    lefts = [gap + column * (cell_width_px + gap) for column in range(len(titles))]
    for left, title in zip(lefts, titles, strict=True):
        text = fit_text(title, font_px, cell_width_px)
        draw.text(
            (left, gap + line / 2), text, fill=BLACK, font=load_font(font_px, text), anchor="lm"
        )
    top = gap + line
    for index, (row, height) in enumerate(zip(cells, heights, strict=True)):
        if captions:
            text = fit_text(captions[index], font_px, width - 2 * gap)
            draw.text(
                (gap, top + caption / 2),
                text,
                fill=BLACK,
                font=load_font(font_px, text),
                anchor="lm",
            )
        for left, cell in zip(lefts, row, strict=True):
            sheet.paste(cell, (left, top + caption))
        top += height
    return np.array(sheet)
