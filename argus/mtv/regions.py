"""What a picture shows in boxes, compared with texts: names for regions, and where a text is."""

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional as F

from argus.errors import DataError
from argus.mtv.decoders import Grounding
from argus.mtv.vision import run_vision

WINDOW_SHARES = (0.25, 0.4, 0.6)
"""Sides of the boxes that a text is looked for in, as shares of a picture's."""
_BOXES = 64  # at a time


def boxes_tensor(boxes: Any) -> Tensor:
    """(R, 4) float32 of boxes.

    Args:
        boxes: R of xyxy, as fractions of the picture's width and height.

    Raises:
        DataError: They are no such boxes.
    """
    try:
        found = torch.as_tensor(boxes, dtype=torch.float32).reshape(-1, 4)
    except (TypeError, ValueError, RuntimeError) as error:
        raise DataError(f"expected boxes (R, 4), found {boxes!r:.80}: {error}") from error
    if not ((found >= 0) & (found <= 1)).all() or not (found[:, 2:] > found[:, :2]).all():
        raise DataError(
            "expected boxes x1, y1, x2, y2 as fractions of the picture's width and height, in "
            f"[0, 1], with x1 < x2 and y1 < y2; found {found.tolist()!r:.80}."
        )
    return found


def region_logits(
    siglip: Any, grounding: Grounding, view: Tensor, boxes: Tensor, texts: Tensor
) -> Tensor:
    """(R, n) logits of texts for boxes of one picture.

    Args:
        siglip: A ``SiglipModel``.
        grounding: The decoder that was trained with it.
        view: (1, 3, H, W) in [-1, 1].
        boxes: (R, 4) xyxy in [0, 1].
        texts: (n, D) embeddings of length 1.
    """
    (tokens,) = run_vision(siglip.vision_model, view, taps=grounding.taps[-1:]).taps
    found = [grounding.prompter(tokens, part[None])[0] for part in boxes.to(view).split(_BOXES)]
    embeddings = F.normalize(torch.cat(found).float(), dim=-1)
    scale, bias = grounding.scale_and_bias(siglip)
    return scale * embeddings @ texts.T + bias


def windows(grid: int, shares: Sequence[float] = WINDOW_SHARES) -> Tensor:
    """(n, 4) square boxes of some sizes at all places of a grid of patches, xyxy in [0, 1]."""
    found = []
    for share in shares:
        side = min(grid, max(1, round(share * grid)))
        starts = range(grid - side + 1)
        found += [(x, y, x + side, y + side) for y in starts for x in starts]
    return torch.tensor(found, dtype=torch.float32) / grid


def painted(boxes: Tensor, values: Tensor, grid: int) -> Tensor:
    """(grid, grid) mean of the values (n,) of the boxes over each patch; 0 where there is none."""
    edges = (boxes * grid).round().long()
    total, number = torch.zeros(2, grid, grid, dtype=values.dtype, device=values.device)
    for (x0, y0, x1, y1), value in zip(edges.tolist(), values, strict=True):
        total[y0:y1, x0:x1] += value
        number[y0:y1, x0:x1] += 1
    return total / number.clamp(min=1)
