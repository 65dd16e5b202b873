"""Which pictures of a batch go together, and the parts of it."""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
from torch import Tensor

from argus.inference.size_rule import Resized


def equal_shapes(images: Sequence[Resized]) -> list[list[int]]:
    """Rows by the size of the network's input."""
    groups: dict[tuple[int, int], list[int]] = defaultdict(list)
    for row, image in enumerate(images):
        groups[image.size].append(row)
    return list(groups.values())


def decoded_together(
    samples: Sequence[Any], *, max_pixels: int, by_size: bool
) -> Iterator[list[int]]:
    """Rows that a decoder gets at once.

    Args:
        samples: Of the batch.
        max_pixels: Of all their answers, or of the pictures as the network sees them; a single
            picture may have more.
        by_size: Whether the pictures of a call must be of one original size (mmseg warns).
    """
    rows: list[int] = []
    pixels, shape = 0, None
    for row, sample in enumerate(samples):
        original, seen = sample.metainfo["ori_shape"], sample.metainfo["img_shape"]
        area = max(original[0] * original[1], seen[0] * seen[1])
        if rows and (pixels + area > max_pixels or (by_size and original != shape)):
            yield rows
            rows, pixels = [], 0
        rows.append(row)
        pixels, shape = pixels + area, original
    if rows:
        yield rows


def take_rows(
    inputs: Tensor | tuple[Tensor, ...], rows: Sequence[int], total: int
) -> Tensor | tuple[Tensor, ...]:
    """Rows, which follow each other, of a batch or of its maps."""
    if len(rows) == total:
        return inputs
    part = slice(rows[0], rows[-1] + 1)
    return inputs[part] if isinstance(inputs, Tensor) else tuple(one[part] for one in inputs)


def padded_size(image: np.ndarray, divisor: int) -> tuple[int, int]:
    """(height, width) of a picture (h, w, 3), rounded up to multiples of ``divisor``."""
    height, width = image.shape[:2]
    return -(-height // divisor) * divisor, -(-width // divisor) * divisor
