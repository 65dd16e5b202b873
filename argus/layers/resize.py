"""Antialiased resize of images and position tables, and the same as two matrix products for export.

Resizing is linear and separable: rows and columns are each multiplied by a matrix that depends on
the sizes alone. Export formats have no such antialiased resize, or runtimes differ in it; a matrix
product means the same everywhere. The matrices come from the resize itself, so the numbers do too.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache

import torch
import torch.nn.functional as F
from torch import Tensor

_by_matrices = False


@contextmanager
def use_matrix_resize() -> Iterator[None]:
    """Resize by matrix products inside the ``with`` block."""
    global _by_matrices
    before, _by_matrices = _by_matrices, True
    try:
        yield
    finally:
        _by_matrices = before


def resize(
    maps: Tensor,
    size: tuple[int, int],
    *,
    mode: str,
    antialias: bool = True,
    scale: tuple[float, float] | None = None,
) -> Tensor:
    """Resize (B, C, H, W), ``align_corners=False``.

    Args:
        maps: Float maps.
        size: (height, width) of the result.
        mode: ``bicubic`` or ``bilinear``.
        antialias: Low-pass filter where the maps shrink.
        scale: (vertical, horizontal) factors, which must give ``size``: sampling then follows them
            and not the ratio of the sizes.

    Returns:
        (B, C, *size).
    """
    if _by_matrices:
        rows, columns = (
            _matrix(
                maps.shape[2 + axis],
                size[axis],
                mode,
                antialias,
                scale[axis] if scale else None,
                maps.device,
                maps.dtype,
            )
            for axis in (0, 1)
        )
        return rows @ maps @ columns.T
    if scale is not None:
        return F.interpolate(maps, scale_factor=scale, mode=mode, antialias=antialias)
    return F.interpolate(maps, size=size, mode=mode, antialias=antialias)


@lru_cache(maxsize=64)
def _matrix(
    before: int,
    after: int,
    mode: str,
    antialias: bool,
    scale: float | None,
    device: torch.device,
    dtype: torch.dtype,
) -> Tensor:
    """Return (after, before): what resizing the rows of an identity matrix gives."""
    with torch.inference_mode(False):
        units = torch.eye(before, device=device)[None, None]
        if scale is None:
            out = F.interpolate(units, size=(after, before), mode=mode, antialias=antialias)
        else:
            out = F.interpolate(units, scale_factor=(scale, 1.0), mode=mode, antialias=antialias)
        return out[0, 0].to(dtype)
