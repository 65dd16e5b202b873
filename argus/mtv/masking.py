"""Which patches of a picture the student does not see."""

import torch
from torch import Tensor


def half_mask(
    num_images: int, grid: tuple[int, int], *, block: int, device: torch.device
) -> tuple[Tensor, Tensor]:
    """Masks of exactly half the patches of every picture (rounded down), drawn anew.

    Args:
        num_images: B.
        grid: Rows and columns of patches.
        block: Side of the squares that are masked as one, in patches; 1 draws every patch by
            itself, as the paper does. The last square may be masked in part.
        device: Of the masks, whose generator draws.

    Returns:
        The masks (B, rows x columns) bool, row-major, and the places (B, half of that) they hide,
        ascending: their number is known, so that nobody has to wait for the device to count.
    """
    rows, columns = grid
    coarse = torch.rand(num_images, -(-rows // block), -(-columns // block), device=device)
    noise = coarse.repeat_interleave(block, 1).repeat_interleave(block, 2)
    noise = noise[:, :rows, :columns].flatten(1)
    order = noise.argsort(dim=1, stable=True)[:, : rows * columns // 2]
    return torch.zeros_like(noise, dtype=torch.bool).scatter_(1, order, True), order.sort(1).values
