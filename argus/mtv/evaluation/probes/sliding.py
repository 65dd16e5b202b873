"""Scores of a whole picture out of windows, and its labels without a full stack of scores."""

from collections.abc import Callable, Iterator, Sequence

import torch
import torch.nn.functional as F
from torch import Tensor

Window = tuple[int, int, int, int]  # top, bottom, left, right


def windows(size: tuple[int, int], side: int, stride: int) -> list[Window]:
    """Windows that cover a picture, the last ones moved inside, as in mmsegmentation.

    Args:
        size: Height and width of the picture in pixels.
        side: Height and width of a window; smaller where the picture is.
        stride: From one to the next.
    """
    rows, columns = (list(_starts(length, side, stride)) for length in size)
    return [
        (top, min(top + side, size[0]), left, min(left + side, size[1]))
        for top in rows
        for left in columns
    ]


def _starts(length: int, side: int, stride: int) -> Iterator[int]:
    last = max(length - side, 0)
    for number in range(-(-last // stride) + 1):
        yield min(number * stride, last)


def mean_scores(
    score: Callable[[Sequence[Window]], Tensor],
    size: tuple[int, int],
    *,
    side: int,
    stride: int,
    batch_size: int,
) -> Tensor:
    """The mean of the scores of all windows that a pixel is in.

    Args:
        score: (n, C, h, w) at any resolution, of n windows of one size.
        size: Height and width of the picture.
        side: Of a window.
        stride: From one window to the next.
        batch_size: Windows at a time.

    Returns:
        (C, H, W).
    """
    found = windows(size, side, stride)
    total: Tensor | None = None
    count = torch.zeros(size)
    for start in range(0, len(found), batch_size):
        part = found[start : start + batch_size]
        for window, scores in zip(part, score(part), strict=True):
            top, bottom, left, right = window
            full = F.interpolate(
                scores[None], (bottom - top, right - left), mode="bilinear", align_corners=False
            )[0]
            if total is None:
                total = full.new_zeros(len(full), *size)
            total[:, top:bottom, left:right] += full
            count[top:bottom, left:right] += 1
    assert total is not None
    return total / count.to(total)


def likeliest(scores: Tensor, size: tuple[int, int], *, chunk: int = 16) -> Tensor:
    """The class of the largest score at each pixel after a bilinear resize.

    Args:
        scores: (C, h, w).
        size: Height and width of the labels.
        chunk: Classes whose scores are in memory at that size.

    Returns:
        (H, W) int64; of equal scores the first class.
    """
    best = scores.new_full(size, -torch.inf)
    labels = torch.zeros(size, dtype=torch.long, device=scores.device)
    for start in range(0, len(scores), chunk):
        part = scores[None, start : start + chunk]
        full = F.interpolate(part, size, mode="bilinear", align_corners=False)[0]
        value, index = full.max(0)
        better = value > best
        best = torch.where(better, value, best)
        labels = torch.where(better, index + start, labels)
    return labels
