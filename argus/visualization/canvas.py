"""A picture to draw on: large enough for text, addressed in the pixels of the original image."""

from collections.abc import Sequence

import cv2
import numpy as np
from PIL import Image, ImageDraw

from argus.errors import DataError
from argus.visualization.fonts import load_font
from argus.visualization.palette import RGB, WHITE, text_color

Box = tuple[int, int, int, int]

# Letters in the picture of a panorama, by those that its short side asks for.
MAX_PANORAMA_ZOOM = 4
# Text needs some 14 px to be read; below this short side it would cover the picture.
MIN_SHORT_SIDE_PX = 512
# Share of a label that may lie on earlier ones: less than the margin of their text.
MAX_COVERED = 0.1
# A strip of 20 x 2000 px is not enlarged beyond this.
MAX_LONG_SIDE_PX = 4096


def text_size(text: str, font_px: int) -> tuple[int, int]:
    """Width of ``text`` and height of a line in pixels; the height is the same for every text."""
    font = load_font(font_px, text)
    width = max((font.getlength(line) for line in text.split("\n")), default=0)
    return int(np.ceil(width)), int(np.ceil(font_px * 1.25))


def fit_text(text: str, font_px: int, max_width_px: int) -> str:
    """``text``, shortened by an ellipsis if it is wider than ``max_width_px``."""
    if text_size(text, font_px)[0] <= max_width_px:
        return text
    while text and text_size(text + "...", font_px)[0] > max_width_px:
        text = text[:-1]
    return text + "..."


class Canvas:
    """An enlarged copy of an image.

    Args:
        image: RGB, ``(H, W, 3)`` uint8.
        annotation_size: Height and width of the image that the coordinates refer to; ``image`` may
            be a resized copy of it. Defaults to the size of ``image``.

    Raises:
        DataError: ``image`` is not RGB uint8.
    """

    def __init__(self, image: np.ndarray, annotation_size: tuple[int, int] | None = None) -> None:
        if image.ndim != 3 or image.shape[2] != 3 or image.dtype != np.uint8 or image.size == 0:
            raise DataError(
                "visualization: expected an RGB image (H, W, 3) of uint8, found shape "
                f"{image.shape} of {image.dtype}; convert grey, alpha or float images first."
            )
        height, width = image.shape[:2]
        zoom = max(1.0, MIN_SHORT_SIDE_PX / min(height, width))
        zoom = max(1.0, min(zoom, MAX_LONG_SIDE_PX / max(height, width)))
        size = (round(width * zoom), round(height * zoom))
        picture = Image.fromarray(np.ascontiguousarray(image))
        self.picture = picture if zoom == 1 else picture.resize(size, Image.Resampling.BICUBIC)
        base_height, base_width = annotation_size or (height, width)
        self.scale = np.array([size[0] / base_width, size[1] / base_height])
        short = min(size)
        self.line_px = max(2, round(short / 220))
        # A panorama is looked at from as far as its width asks for, within reason: at 70,000 px
        # that would be letters of 1,000, and a legend of half a gigapixel.
        font_px = max(14, round(short / 30))
        self.font_px = max(font_px, min(round(size[0] / 64), MAX_PANORAMA_ZOOM * font_px))
        self._labels: list[Box] = []

    @property
    def width(self) -> int:
        """Pixels."""
        return self.picture.width

    @property
    def height(self) -> int:
        """Pixels."""
        return self.picture.height

    @property
    def draw(self) -> ImageDraw.ImageDraw:
        """Pillow's drawing functions, in canvas pixels."""
        return ImageDraw.Draw(self.picture)

    def to_canvas(self, points: np.ndarray) -> np.ndarray:
        """Points ``(..., 2)`` as (x, y) in image pixels to canvas pixels."""
        return np.asarray(points, dtype=np.float64) * self.scale

    def resize_labels(self, labels: np.ndarray) -> np.ndarray:
        """Bring a map ``(H, W)`` of labels or booleans to the canvas size, without mixing them."""
        if labels.shape == (self.height, self.width):
            return labels
        kind = np.uint8 if labels.dtype == bool else np.int32
        size = (self.width, self.height)
        resized = cv2.resize(labels.astype(kind), size, interpolation=cv2.INTER_NEAREST_EXACT)
        return resized.astype(labels.dtype)

    def blend(self, mask: np.ndarray, color: Sequence[int], alpha: float, origin: Box) -> None:
        """Tint some pixels of a region.

        Args:
            mask: Booleans ``(y1 - y0, x1 - x0)``: which pixels.
            color: RGB.
            alpha: Share of ``color`` in the result, in [0, 1].
            origin: The region, x0 y0 x1 y1 in canvas pixels.
        """
        region = np.array(self.picture.crop(origin))
        flat = np.full_like(region, np.asarray(color, dtype=np.uint8))
        tinted = cv2.addWeighted(region, 1 - alpha, flat, alpha, 0)
        np.copyto(region, tinted, where=mask[..., None])
        self.picture.paste(Image.fromarray(region), origin[:2])

    def label(self, box: Sequence[float], text: str, color: RGB) -> Box | None:
        """Write ``text`` on a plate at a box, inside the picture, clear of earlier labels.

        In a crowd there may be no place left; text that covers other text could not be read, so
        nothing is written then.

        Args:
            box: The labelled object, x0 y0 x1 y1 in canvas pixels.
            text: One line.
            color: Colour of the plate; the text is black or white.

        Returns:
            The plate, x0 y0 x1 y1 in canvas pixels; ``None`` if there was no place.
        """
        pad = max(3, self.font_px // 4)
        text = fit_text(text, self.font_px, self.width - 2 * pad)
        text_width, line_height = text_size(text, self.font_px)
        width, height = text_width + 2 * pad, line_height
        x0, y0, x1, y1 = box
        # Above the box, inside at the top, below, inside at the bottom; at its left, its right, in
        # its middle, beside it.
        columns = (x0, x1 - width, (x0 + x1 - width) / 2, x1, x0 - width)
        candidates = [(x, y) for x in columns for y in (y0 - height, y0, y1, y1 - height)]
        plates = [self._inside(x, y, width, height) for x, y in candidates]
        plate = min(plates, key=self._covered)
        if self._covered(plate) > MAX_COVERED * width * height:
            return None
        self._labels.append(plate)
        draw = self.draw
        draw.rectangle((plate[0], plate[1], plate[2] - 1, plate[3] - 1), fill=color)
        middle = (plate[0] + pad, (plate[1] + plate[3]) / 2)
        draw.text(
            middle, text, fill=text_color(color), font=load_font(self.font_px, text), anchor="lm"
        )
        return plate

    def _inside(self, x: float, y: float, width: int, height: int) -> Box:
        left = int(min(max(x, 0), max(self.width - width, 0)))
        top = int(min(max(y, 0), max(self.height - height, 0)))
        return left, top, left + width, top + height

    def _covered(self, plate: Box) -> int:
        """Area of earlier labels under a plate."""
        total = 0
        for other in self._labels:
            overlap_x = min(plate[2], other[2]) - max(plate[0], other[0])
            overlap_y = min(plate[3], other[3]) - max(plate[1], other[1])
            total += max(overlap_x, 0) * max(overlap_y, 0)
        return total

    def append_below(self, panel: Image.Image) -> None:
        """Put a panel of the same width under the picture."""
        assert panel.width == self.width
        joined = Image.new("RGB", (self.width, self.height + panel.height), WHITE)
        joined.paste(self.picture, (0, 0))
        joined.paste(panel, (0, self.height))
        self.picture = joined

    def to_array(self) -> np.ndarray:
        """RGB ``(H, W, 3)`` uint8."""
        return np.array(self.picture)
