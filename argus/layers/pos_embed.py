"""Position table of a ViT, interpolated to the patch grid of an image.

Source: DINOv2's hub models (https://github.com/facebookresearch/dinov2). Models with registers
resize to the exact grid with antialias; models without add 0.1 to the size and pass the ratio as
scale factor, without antialias. Both are needed to repeat the released features.
"""

import torch
from torch import Tensor

from argus.layers.resize import resize


def interpolate_pos_embed(
    table: Tensor, grid: tuple[int, int], *, antialias: bool = True, offset: float = 0.0
) -> Tensor:
    """Interpolate a square table (bicubic, float32).

    Args:
        table: (1, M * M, C).
        grid: (height, width) wanted, patches.
        antialias: Low-pass filter when the table shrinks.
        offset: 0 resizes to the exact grid; another value gives the scale factor
            ``(side + offset) / M``.

    Returns:
        (1, height * width, C), in the type of the table.
    """
    side = int(table.shape[1] ** 0.5)
    assert side * side == table.shape[1], "the position table is square"
    if grid == (side, side):
        return table
    height, width = grid
    with torch.autocast(table.device.type, enabled=False):
        maps = table.float().reshape(1, side, side, -1).permute(0, 3, 1, 2)
        if offset:
            factor = ((height + offset) / side, (width + offset) / side)
            maps = resize(maps, grid, mode="bicubic", antialias=antialias, scale=factor)
        else:
            maps = resize(maps, grid, mode="bicubic", antialias=antialias)
    assert maps.shape[-2:] == grid, f"expected {grid}, found {tuple(maps.shape[-2:])}"
    return maps.flatten(2).transpose(1, 2).to(table.dtype)
