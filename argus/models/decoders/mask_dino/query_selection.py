"""Two-stage query selection of Mask DINO and its mask-enhanced boxes.

Paper: Mask DINO, https://arxiv.org/abs/2206.02777, section 3.3 ("unified and enhanced query
selection"): every encoder token predicts a class; the best ones become queries, and the box around
a query's own first mask is where the decoder starts.

What was changed: box and mask are predicted for chosen tokens alone (equal numbers, a small part of
the work), and a query whose mask is empty keeps the box that its token predicted.
"""

from collections.abc import Sequence

import torch
from torch import Tensor

# Tokens whose guess is this near to the border of the image are not proposals.
BORDER = 0.01


def box_proposals(
    points: Tensor,
    spatial_shapes: Sequence[tuple[int, int]],
    base_size: float,
    *,
    smallest: str = "fine",
) -> tuple[Tensor, Tensor]:
    """First guess of a box for each token (Deformable DETR, appendix A.4).

    Args:
        points: (B, S, 2) token centres as x, y, relative to the image.
        spatial_shapes: (height, width) of each level.
        base_size: Side of the square that a token of the first level guesses, as a share of the
            image; it doubles from level to level.
        smallest: Whether that first level is the finest (``fine``) or the coarsest (``coarse``).

    Returns:
        Logits of the boxes (B, S, 4) as centre and size, and (B, S) whether the token may propose.
    """
    last = len(spatial_shapes) - 1
    sizes = torch.cat(
        [
            points.new_full(
                (h * w,), base_size * 2.0 ** (level if smallest == "fine" else last - level)
            )
            for level, (h, w) in enumerate(spatial_shapes)
        ]
    )
    boxes = torch.cat([points, sizes[None, :, None].expand(points.shape[0], -1, 2)], -1)
    may_propose = ((boxes > BORDER) & (boxes < 1 - BORDER)).all(-1)
    return torch.logit(boxes.clamp(BORDER, 1 - BORDER)), may_propose


def select_tokens(class_logits: Tensor, may_propose: Tensor, num_queries: int) -> Tensor:
    """Indices (B, Q) of the tokens with the best class score, best first.

    Args:
        class_logits: (B, S, K).
        may_propose: (B, S) bool; other tokens come last.
        num_queries: Q; fewer if there are fewer tokens.
    """
    scores = class_logits.amax(-1).masked_fill(~may_propose, float("-inf"))
    return scores.topk(min(num_queries, scores.shape[1]), dim=1).indices


@torch.no_grad()
def boxes_from_masks(mask_logits: Tensor, fallback: Tensor, ratios: Tensor) -> Tensor:
    """Boxes around the positive part of masks.

    Args:
        mask_logits: (B, Q, h, w) in the frame of the padded batch.
        fallback: (B, Q, 4), used where no cell is positive.
        ratios: (B, 2) as x, y: share of the padded batch that is image.

    Returns:
        (B, Q, 4) as centre and size in [0, 1], relative to the image.
    """
    height, width = mask_logits.shape[-2:]
    positive = mask_logits > 0
    low_x, high_x = _extent(positive.any(-2), width)
    low_y, high_y = _extent(positive.any(-1), height)
    low = torch.stack([low_x, low_y], -1) / ratios[:, None]
    high = torch.stack([high_x, high_y], -1) / ratios[:, None]
    low, high = low.clamp(0, 1), high.clamp(0, 1)
    boxes = torch.cat([(low + high) / 2, high - low], -1)
    occupied = (high > low).all(-1, keepdim=True)
    return torch.where(occupied, boxes, fallback)


def _extent(occupied: Tensor, size: int) -> tuple[Tensor, Tensor]:
    """First and last True of (..., size) as cell borders in [0, 1]; high <= low if none."""
    cells = torch.arange(size, device=occupied.device)
    low = torch.where(occupied, cells, size).amin(-1)
    high = torch.where(occupied, cells + 1, 0).amax(-1)
    return low / size, high / size
