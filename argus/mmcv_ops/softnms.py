"""Soft non-maximum suppression: overlapping boxes lose score instead of being dropped.

Paper: https://arxiv.org/abs/1704.04503. One box after the other, as the algorithm is; each step is
NumPy over the boxes that are left.
"""

import numpy as np
import torch
from torch import Tensor

from argus.mmcv_ops.overlap import Floats, overlaps

NAIVE, LINEAR, GAUSSIAN = range(3)


def softnms(
    boxes: Tensor,
    scores: Tensor,
    dets: Tensor,
    iou_threshold: float,
    sigma: float,
    min_score: float,
    method: int,
    offset: int,
) -> Tensor:
    """Take the best box, lower the scores of the others, drop those below ``min_score``, repeat.

    Two boxes without area do not overlap.

    Args:
        boxes: (N, 4), x1 y1 x2 y2 in pixels; on the CPU as all others.
        scores: (N,).
        dets: (N, 5), receives the boxes that stay and their lowered scores in its first K rows.
        iou_threshold: From which on ``NAIVE`` drops and ``LINEAR`` lowers.
        sigma: Of ``GAUSSIAN``, in squared IoU.
        min_score: Below which a lowered score is dropped.
        method: ``NAIVE``, ``LINEAR`` or ``GAUSSIAN``.
        offset: Added to widths and heights.

    Returns:
        (K,) indices of the boxes that stay, in the order in which they were taken.
    """
    columns = [boxes.detach().float(), scores.detach().float()[:, None]]
    rows = torch.cat(columns, dim=1).numpy()
    indices = np.arange(len(rows))
    lowest, threshold = np.float32(min_score), np.float32(iou_threshold)
    taken, end = 0, len(rows)
    while taken < end:
        best = taken + int(np.argmax(rows[taken:end, 4]))
        for values in (rows, indices):
            values[[taken, best]] = values[[best, taken]]
        rest = slice(taken + 1, end)
        found = overlaps(rows[taken], rows[rest, :4], offset)
        rows[rest, 4] *= _weights(found, method, threshold, sigma)
        stays = ~(rows[rest, 4] < lowest)
        order = taken + 1 + _closed(stays)
        end = taken + 1 + len(order)
        rows[taken + 1 : end], indices[taken + 1 : end] = rows[order], indices[order]
        taken += 1
    dets[:end] = torch.from_numpy(rows[:end])
    return torch.from_numpy(indices[:end])


def _weights(found: Floats, method: int, threshold: np.float32, sigma: float) -> Floats:
    """What scores are multiplied by, from the IoU with the box that was taken."""
    if method == GAUSSIAN:
        return np.exp(-(found * found) / np.float32(sigma))
    lowered = np.zeros_like(found) if method == NAIVE else 1 - found
    return np.where(found >= threshold, lowered, np.ones_like(found))


def _closed(stays: np.ndarray) -> np.ndarray:
    """Positions of what stays when each gap is filled with the last one: as mmcv orders equals."""
    count = int(stays.sum())
    order = np.arange(count)
    order[~stays[:count]] = count + np.flatnonzero(stays[count:])[::-1]
    return order
