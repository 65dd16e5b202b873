"""One geometry for everything on a picture: a box of it, maybe mirrored, brought to a size."""

import math
from dataclasses import dataclass

import cv2
import numpy as np
from PIL import Image


@dataclass(frozen=True, kw_only=True)
class Window:
    """What a view shows of a picture.

    Args:
        box: xyxy as fractions of the picture's width and height, with an area.
        size: Height and width of the view, pixels.
        flip: Whether it is mirrored left to right.
    """

    box: tuple[float, float, float, float]
    size: tuple[int, int]
    flip: bool = False

    def picture(self, image: np.ndarray) -> np.ndarray:
        """The view (H, W, 3) uint8 of a picture (h, w, 3) uint8.

        Pillow's bicubic filter, which sees all pixels where it makes the picture smaller, as
        SigLIP's processor uses it.
        """
        height, width = image.shape[:2]
        x0, y0, x1, y1 = (
            side * whole for side, whole in zip(self.box, (width, height) * 2, strict=True)
        )
        # Pillow copies what it is given: the box, and what the filter sees around it.
        around_x, around_y = _support(x1 - x0, self.size[1]), _support(y1 - y0, self.size[0])
        left, top = max(int(x0) - around_x, 0), max(int(y0) - around_y, 0)
        right, bottom = int(x1) + 1 + around_x, int(y1) + 1 + around_y
        part = Image.fromarray(np.ascontiguousarray(image[top:bottom, left:right]))
        box = (x0 - left, y0 - top, min(x1 - left, part.width), min(y1 - top, part.height))
        view = part.resize(self.size[::-1], Image.Resampling.BICUBIC, box=box)
        return self._mirrored(np.asarray(view))

    def map(self, values: np.ndarray, valid: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """The same of a map (h, w) float32 and its validity (h, w) bool, of any resolution.

        Values are interpolated linearly between the four around; one of these that says nothing
        makes the result say nothing.
        """
        height, width = values.shape
        x0, y0, x1, y1 = (
            side * whole for side, whole in zip(self.box, (width, height) * 2, strict=True)
        )
        step_x, step_y = (x1 - x0) / self.size[1], (y1 - y0) / self.size[0]
        # Centres of pixels lie at halves; OpenCV counts from the centre of the first.
        matrix = np.array([[step_x, 0, x0 + step_x / 2 - 0.5], [0, step_y, y0 + step_y / 2 - 0.5]])
        flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP

        def warped(array: np.ndarray) -> np.ndarray:
            return cv2.warpAffine(
                array, matrix, self.size[::-1], flags=flags, borderMode=cv2.BORDER_REPLICATE
            )

        view = warped(np.where(valid, values, 0).astype(np.float32))
        whole: np.ndarray = np.ones(self.size, bool)
        if not valid.all():
            whole = warped(valid.astype(np.float32)) > 1 - 1e-3
        return self._mirrored(view), self._mirrored(whole)

    def boxes(self, boxes: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """The same of boxes (R, 4), xyxy as fractions of the picture.

        Returns:
            Boxes (R, 4) float32 as fractions of the view, cut off at its sides, and the share of
            each that is left, (R,).
        """
        boxes = np.asarray(boxes, np.float64).reshape(-1, 4)
        x0, y0, x1, y1 = self.box
        moved = (boxes - [x0, y0, x0, y0]) / [x1 - x0, y1 - y0, x1 - x0, y1 - y0]
        if self.flip:
            moved = moved[:, [2, 1, 0, 3]] * [-1, 1, -1, 1] + [1, 0, 1, 0]
        cut = moved.clip(0, 1)
        left = _areas(cut) / np.maximum(_areas(moved), 1e-12)
        return cut.astype(np.float32), left

    def _mirrored(self, array: np.ndarray) -> np.ndarray:
        return np.ascontiguousarray(array[:, ::-1]) if self.flip else array


def _support(length: float, pixels: int) -> int:
    """Pixels beyond the end of a length that the bicubic filter may look at."""
    return math.ceil(2 * max(length / pixels, 1.0)) + 1


def _areas(boxes: np.ndarray) -> np.ndarray:
    areas: np.ndarray = (boxes[:, 2:] - boxes[:, :2]).prod(axis=1)
    return areas
