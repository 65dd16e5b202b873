"""A pass of SigLIP's vision tower, with the mask and taps that its own forward has no room for.

The tower is ``transformers``' ``SiglipVisionModel``, whose parts are called one by one: without
mask the outcome is that of its forward, bit for bit.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn
from torch.utils.checkpoint import checkpoint


@dataclass(frozen=True)
class VisionOutput:
    """What a pass gives; D is the width, N the number of patches in row-major order.

    Args:
        taps: (B, N, D) of each block asked for, before any normalisation.
        tokens: (B, N, D) patch tokens after the last normalisation; ``None`` if not asked for.
        pooled: (B, D) of the attention pooling over them; ``None`` if not asked for.
    """

    taps: tuple[Tensor, ...] = ()
    tokens: Tensor | None = None
    pooled: Tensor | None = None


def run_vision(
    tower: Any,
    images: Tensor,
    *,
    taps: Sequence[int] = (),
    tokens: bool = False,
    pools: bool = False,
    mask: Tensor | None = None,
    mask_token: Tensor | None = None,
    chunk: int | None = None,
) -> VisionOutput:
    """Run the tower once over a batch.

    Args:
        tower: A ``SiglipVisionModel``.
        images: (B, 3, H, W) in [-1, 1], sides multiples of the patch; of another size than the
            tower's own, position embeddings are interpolated (bicubic).
        taps: Blocks, counted from 1, whose outputs are wanted.
        tokens: Whether the normalised patch tokens are.
        pools: Whether the pooled embedding is.
        mask: (B, N) bool, patches to put the mask token in the place of.
        mask_token: (D,).
        chunk: Images at a time; what lies between is computed again in the backward pass, so that
            memory is that of one chunk and the gradients are the same. ``None`` for all at once.
    """

    def run(images: Tensor, mask: Tensor | None) -> tuple[Tensor, ...]:
        found = _run(tower, images, taps, tokens or pools, pools, mask, mask_token)
        # Of the tokens only what is asked for, so that no memory holds the rest.
        kept = (*found[: len(taps)], *(found[-2:-1] if tokens else ()))
        return (*kept, *(found[-1:] if pools else ()))

    found = list(in_chunks(run, images, mask, chunk=chunk))
    pooled = found.pop() if pools else None
    last = found.pop() if tokens else None
    return VisionOutput(taps=tuple(found), tokens=last, pooled=pooled)


def _run(
    tower: Any,
    images: Tensor,
    taps: Sequence[int],
    normalises: bool,
    pools: bool,
    mask: Tensor | None,
    mask_token: Tensor | None,
) -> tuple[Any, ...]:
    """The taps, the tokens and the pooled embedding."""
    embeddings = tower.embeddings
    patches = embeddings.patch_embedding(images.to(embeddings.patch_embedding.weight.dtype))
    x = patches.flatten(2).transpose(1, 2)  # (B, N, D)
    if mask is not None:
        assert mask_token is not None
        x = torch.where(mask[..., None], mask_token.to(x.dtype), x)
    height, width = images.shape[-2:]
    x = x + embeddings.interpolate_pos_encoding(x, height, width)
    last = len(tower.encoder.layers) if normalises else max(taps, default=0)
    outputs: dict[int, Tensor] = {}
    for number, layer in enumerate(tower.encoder.layers[:last], start=1):
        x = layer(x, None)
        if number in taps:
            outputs[number] = x
    tokens = tower.post_layernorm(x) if normalises else None
    pooled = tower.head(tokens) if pools else None
    return (*(outputs[number] for number in taps), tokens, pooled)


def in_chunks(
    run: Callable[..., tuple[Tensor, ...]], *inputs: Tensor | None, chunk: int | None
) -> tuple[Tensor, ...]:
    """Apply a function to some rows at a time; its inner values are computed again in backward.

    Args:
        run: Takes rows of the inputs, gives tensors with as many rows.
        inputs: (B, ...); ``None`` is passed on.
        chunk: Rows at a time; ``None`` for all, and nothing is computed again.
    """
    number = next(len(value) for value in inputs if value is not None)
    if chunk is None or not torch.is_grad_enabled():
        chunk, call = chunk or number, run
    else:

        def call(*rows: Tensor | None) -> tuple[Tensor, ...]:
            found: tuple[Tensor, ...] = checkpoint(run, *rows, use_reentrant=False)
            return found

    if number <= chunk:
        return call(*inputs)
    parts = [
        call(*(None if value is None else value[start : start + chunk] for value in inputs))
        for start in range(0, number, chunk)
    ]
    return tuple(torch.cat(part) for part in zip(*parts, strict=True))


def freeze_unread(tower: nn.Module, *, last: int, pools: bool) -> None:
    """Freeze what no pass reads, so that nothing waits for a gradient that never comes.

    Args:
        tower: A ``SiglipVisionModel``.
        last: Last block that is read, counted from 1.
        pools: Whether the last normalisation and the pooling are.
    """
    found: Any = tower
    for layer in found.encoder.layers[last:]:
        layer.requires_grad_(False)
    if not pools:
        found.post_layernorm.requires_grad_(False)
        found.head.requires_grad_(False)
