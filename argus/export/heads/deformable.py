"""Deformable attention of mmcv with level sizes as integers, which a graph needs.

The modules and the numbers are mmcv's; the sampling is :func:`argus.layers.ms_deform_attn`'s, so
the backend for export applies. mmcv's own reads the sizes off a tensor.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any

from mmcv.ops import MultiScaleDeformableAttention
from torch import Tensor, nn

from argus.layers.ms_deform_attn import ms_deform_attn

Grid = tuple[int, int]


def attend(
    attention: Any,
    query: Tensor,
    *,
    value: Tensor,
    position: Tensor | None,
    reference: Tensor,
    grids: tuple[Grid, ...],
) -> Tensor:
    """What a ``MultiScaleDeformableAttention`` gives in eval mode, with its residual.

    Args:
        attention: The module.
        query: (B, Q, C).
        value: (B, S, C), the levels one after the other.
        position: (B or 1, Q, C), added to the query where it asks.
        reference: (B or 1, Q, L or 1, 2 or 4), points or boxes (centre and size) in [0, 1].
        grids: (height, width) of the levels.
    """
    heads, levels, points = attention.num_heads, attention.num_levels, attention.num_points
    projected = attention.value_proj(value).unflatten(-1, (heads, -1))
    moved = query if position is None else query + position
    offsets = attention.sampling_offsets(moved).unflatten(-1, (heads, levels, points, 2))
    weights = attention.attention_weights(moved).unflatten(-1, (heads, -1)).softmax(-1)
    centres = reference[:, :, None, :, None, :2]
    if reference.shape[-1] == 2:
        cells = query.new_tensor([[columns, rows] for rows, columns in grids])[:, None]  # (L, 1, 2)
        locations = centres + offsets / cells
    else:
        locations = centres + offsets / points * reference[:, :, None, :, None, 2:] * 0.5
    sampled = ms_deform_attn(projected, grids, locations, weights.unflatten(-1, (levels, points)))
    out: Tensor = attention.output_proj(sampled) + query
    return out


@contextmanager
def fixed_levels(model: nn.Module, grids: tuple[Grid, ...]) -> Iterator[None]:
    """Within, the deformable attention of ``model`` is :func:`attend` on levels of these sizes."""
    modules = [m for m in model.modules() if isinstance(m, MultiScaleDeformableAttention)]
    for module in modules:
        module.forward = partial(_forward, module, grids)  # type: ignore[method-assign]
    try:
        yield
    finally:
        for module in modules:
            del module.forward


def _forward(
    attention: Any,
    grids: tuple[Grid, ...],
    query: Tensor,
    key: Any = None,
    value: Tensor | None = None,
    identity: Tensor | None = None,
    query_pos: Tensor | None = None,
    key_padding_mask: Tensor | None = None,
    reference_points: Tensor | None = None,
    **others: Any,
) -> Tensor:
    """In place of the module's ``forward``, for pictures that are not padded."""
    assert attention.batch_first and identity is None and key_padding_mask is None
    assert reference_points is not None
    return attend(
        attention,
        query,
        value=query if value is None else value,
        position=query_pos,
        reference=reference_points,
        grids=grids,
    )
