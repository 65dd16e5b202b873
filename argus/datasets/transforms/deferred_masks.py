"""Instance masks that are drawn once, and only as far as they survive: equal to mmdet's bitmaps.

mmdet draws every object at the size of the file, then resizes, flips, crops and copies whole
bitmaps, most of which large-scale jittering throws away, and sends what is left from the loader
process through a pipe. But resizing to the nearest pixel, flipping, cropping and padding choose
rows and columns, the same for all objects: here the choice alone is made, boxes and areas are
counted at the size of the file, and the bitmaps come into being where somebody reads them.
"""

from collections.abc import Sequence
from typing import Any

import cv2
import mmcv
import numpy as np
from mmdet.structures.bbox import HorizontalBoxes, get_box_type
from mmdet.structures.mask import BitmapMasks
from pycocotools import mask as coco_mask

_NOTHING = -1  # a row or column of padding


class FileMask:
    """The mask of one object as its annotation file has it, drawn when it is asked for.

    Args:
        segmentation: Polygons, or a run-length mask with the picture's size.
        height: Of the picture in the file, in pixels.
        width: Of it.
    """

    def __init__(self, segmentation: Any, height: int, width: int) -> None:
        self._segmentation = segmentation
        self._size = (height, width)
        self._window: tuple[int, int, np.ndarray] | None = None

    def window(self) -> tuple[int, int, np.ndarray]:
        """Top, left and the pixels (h, w) uint8 of 0 and 1, outside of which there is nothing."""
        if self._window is None:
            runs = self._runs()
            left, top, width, height = map(int, coco_mask.toBbox(runs))
            pixels = coco_mask.decode(runs)[top : top + height, left : left + width]
            self._window = top, left, np.ascontiguousarray(pixels)
            self._segmentation = None
        return self._window

    def _runs(self) -> Any:
        if isinstance(self._segmentation, list):
            return coco_mask.merge(coco_mask.frPyObjects(self._segmentation, *self._size))
        if isinstance(self._segmentation["counts"], list):
            return coco_mask.frPyObjects(self._segmentation, *self._size)
        return self._segmentation

    def __getstate__(self) -> dict[str, Any]:
        state = dict(self.__dict__)
        if self._window is not None:
            top, left, pixels = self._window
            state["_window"] = top, left, pixels.shape, np.packbits(pixels)
        return state

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__.update(state)
        if self._window is not None:
            top, left, shape, bits = state["_window"]
            pixels = np.unpackbits(bits, count=shape[0] * shape[1]).reshape(shape)
            self._window = top, left, pixels


class DeferredMasks(BitmapMasks):
    """Masks of the objects of a picture, in place of mmdet's ``BitmapMasks``.

    Every value is the same as that class gives. What it does here without bitmaps: ``resize`` and
    ``rescale`` to the nearest pixel, ``flip``, ``crop``, ``pad`` with zeros, to be indexed,
    ``areas``, horizontal boxes, to be pickled. Whoever reads ``masks`` gets the bitmaps, and from
    then on they are what counts.

    Args:
        objects: One for each mask.
        rows: (H,) row of the file's picture that each row here is; -1 for none.
        columns: (W,) the same for columns.
    """

    def __init__(self, objects: Sequence[FileMask], rows: np.ndarray, columns: np.ndarray) -> None:
        self._objects: list[FileMask] | None = list(objects)
        self._rows, self._columns = rows, columns
        self._bitmaps: np.ndarray | None = None
        self.height, self.width = len(rows), len(columns)

    @classmethod
    def of_file(cls, segmentations: Sequence[Any], height: int, width: int) -> "DeferredMasks":
        """Masks at the size of the picture in the file, in pixels."""
        objects = [FileMask(segmentation, height, width) for segmentation in segmentations]
        return cls(objects, np.arange(height), np.arange(width))

    def draw(self) -> None:
        """Draw the objects at the size of the file, if they are not yet."""
        for one in self._objects or ():
            one.window()

    @property
    def masks(self) -> np.ndarray:
        """(N, H, W) uint8 of 0 and 1."""
        if self._bitmaps is None:
            assert self._objects is not None
            self._bitmaps = np.zeros((len(self._objects), self.height, self.width), np.uint8)
            for bitmap, one in zip(self._bitmaps, self._objects, strict=True):
                top, left, pixels = one.window()
                rows, in_rows = _inside(self._rows, top, pixels.shape[0])
                columns, in_columns = _inside(self._columns, left, pixels.shape[1])
                if len(in_rows) and len(in_columns):
                    bitmap[rows, columns] = pixels.take(in_columns, axis=1).take(in_rows, axis=0)
            self._objects = None  # whoever has the bitmaps may change them
        return self._bitmaps

    @masks.setter
    def masks(self, bitmaps: np.ndarray) -> None:
        self._bitmaps, self._objects = bitmaps, None

    def __len__(self) -> int:
        return len(self.masks) if self._objects is None else len(self._objects)

    def __getitem__(self, index: Any) -> BitmapMasks:
        """The masks of a number, a slice, or an array of numbers or booleans."""
        if self._objects is None:
            return super().__getitem__(index)
        chosen = np.arange(len(self._objects))[index].reshape(-1)
        return DeferredMasks([self._objects[i] for i in chosen], self._rows, self._columns)

    def rescale(self, scale: Any, interpolation: str = "nearest") -> BitmapMasks:
        """As ``resize``, to fit into a scale."""
        width, height = mmcv.rescale_size((self.width, self.height), scale)
        return self.resize((height, width), interpolation)

    def resize(self, out_shape: tuple[int, int], interpolation: str = "nearest") -> BitmapMasks:
        """Choose rows and columns for (height, width) as OpenCV does."""
        if interpolation != "nearest" or self._objects is None:
            return super().resize(out_shape, interpolation)
        height, width = out_shape
        return DeferredMasks(
            self._objects, _resized(self._rows, height), _resized(self._columns, width)
        )

    def flip(self, flip_direction: str = "horizontal") -> BitmapMasks:
        """Turn the order of the columns, the rows or both around."""
        if self._objects is None:
            return super().flip(flip_direction)
        assert flip_direction in ("horizontal", "vertical", "diagonal")
        rows = self._rows if flip_direction == "horizontal" else self._rows[::-1]
        columns = self._columns if flip_direction == "vertical" else self._columns[::-1]
        return DeferredMasks(self._objects, rows, columns)

    def pad(self, out_shape: tuple[int, int], pad_val: int = 0) -> BitmapMasks:
        """Add rows below and columns on the right, to (height, width)."""
        if pad_val != 0 or self._objects is None:
            return super().pad(out_shape, pad_val)
        height, width = out_shape
        return DeferredMasks(
            self._objects, _padded(self._rows, height), _padded(self._columns, width)
        )

    def crop(self, bbox: np.ndarray) -> BitmapMasks:
        """Keep the rows and columns of a box, xyxy in whole pixels."""
        if self._objects is None:
            return super().crop(bbox)
        x1, y1, x2, y2 = np.clip(bbox, 0, [self.width, self.height] * 2)
        rows = self._rows[y1 : y1 + max(y2 - y1, 1)]
        return DeferredMasks(self._objects, rows, self._columns[x1 : x1 + max(x2 - x1, 1)])

    @property
    def areas(self) -> np.ndarray:
        """(N,) pixels of each mask."""
        if self._objects is None:
            return self.masks.sum((1, 2))
        areas = np.zeros(len(self._objects), np.uint64)
        for place, one in enumerate(self._objects):
            top, left, pixels = one.window()
            height, width = pixels.shape
            # How often each row and column of the file is there; sums below 2 ** 53 are exact.
            often = np.bincount(_inside(self._rows, top, height)[1], minlength=height)
            across = np.bincount(_inside(self._columns, left, width)[1], minlength=width)
            areas[place] = often.astype(np.float64) @ (pixels @ across.astype(np.float64))
        return areas

    def get_bboxes(self, dst_type: Any = "hbb") -> Any:
        """The boxes around the masks, of one of mmdet's types."""
        if self._objects is None or get_box_type(dst_type)[1] is not HorizontalBoxes:
            return super().get_bboxes(dst_type)
        boxes = np.zeros((len(self._objects), 4), np.float32)
        for box, one in zip(boxes, self._objects, strict=True):
            top, left, pixels = one.window()
            rows, in_rows = _inside(self._rows, top, pixels.shape[0])
            columns, in_columns = _inside(self._columns, left, pixels.shape[1])
            # Counted among what is chosen: a resize may leave out the only pixel of a row.
            chosen = pixels[in_rows].take(in_columns, axis=1)
            y, x = np.flatnonzero(chosen.any(1)), np.flatnonzero(chosen.any(0))
            if len(y) and len(x):
                box[:] = x[0], y[0], x[-1] + 1, y[-1] + 1
                box += [columns.start, rows.start] * 2
        return HorizontalBoxes(boxes)

    @classmethod
    def cat(cls, masks: Sequence[BitmapMasks]) -> BitmapMasks:
        """The masks of several pictures of a size, as bitmaps."""
        return BitmapMasks.cat(masks)

    def __repr__(self) -> str:
        return f"DeferredMasks(num_masks={len(self)}, height={self.height}, width={self.width})"


def _inside(chosen: np.ndarray, first: int, number: int) -> tuple[slice, np.ndarray]:
    """The places whose row (or column) of the file lies in a window, and which of its rows.

    The chosen ones rise or fall, so that the places lie side by side.
    """
    places = np.flatnonzero((chosen >= first) & (chosen < first + number))
    if not len(places):
        return slice(0, 0), places
    span = slice(int(places[0]), int(places[-1]) + 1)
    return span, chosen[span] - first


def _resized(chosen: np.ndarray, number: int) -> np.ndarray:
    # OpenCV itself says which one it takes; a float32 holds any side exactly.
    places = cv2.resize(
        np.arange(len(chosen), dtype=np.float32)[None], (number, 1), interpolation=cv2.INTER_NEAREST
    )
    return chosen[places[0].astype(np.int64)]


def _padded(chosen: np.ndarray, number: int) -> np.ndarray:
    assert number >= len(chosen), f"cannot pad {len(chosen)} to {number}"
    return np.concatenate([chosen, np.full(number - len(chosen), _NOTHING)])
