"""Self-attention of ViT-B: every backend against exact softmax attention, and their speed."""

from collections.abc import Iterator
from functools import partial

import torch
from torch import Tensor

from argus.layers.attention import scaled_dot_product, usable_backends
from argus.layers.attention_backends import BACKENDS
from tools.benchmarks.report import Case, Result, Settings, relative_error

NUM_HEADS, HEAD_DIM = 12, 64
# What the ViT sees of an image of this size (pixels): class token, four registers, patches; with
# the batch sizes of configs/stage1_5task.py.
TOKENS = {
    "1024 x 1024": (1 + 4 + 64 * 64, 2),
    "512 x 512": (1 + 4 + 32 * 32, 2),
    "448 x 576": (1 + 4 + 28 * 36, 2),
    "256 x 192": (1 + 4 + 16 * 12, 16),
    "224 x 224": (1 + 4 + 14 * 14, 32),
}
QUICK_TOKENS = {"64 x 64": (1 + 4 + 4 * 4, 2)}
# Limits for the largest error over the largest value. bfloat16 rounds the result to 2^-9.
LIMITS = {torch.float32: 1e-4, torch.bfloat16: 2e-2}
NUM_CHECKED_QUERIES = 64


def cases(settings: Settings) -> Iterator[Case]:
    """A case per image size, data type and backend."""
    for size, (tokens, batch) in (QUICK_TOKENS if settings.quick else TOKENS).items():
        for dtype in LIMITS:
            for backend in BACKENDS:
                name = f"{size}, batch {batch}, {str(dtype).removeprefix('torch.')}, {backend}"
                yield Case(name, partial(_run, settings, tokens, batch, dtype, backend))


def _run(settings: Settings, tokens: int, batch: int, dtype: torch.dtype, backend: str) -> Result:
    result = Result()
    if backend not in usable_backends(settings.device, dtype, HEAD_DIM):
        result.note = "does not run here"
        return result
    generator = torch.Generator(settings.device).manual_seed(0)
    shape = (4, batch, tokens, NUM_HEADS, HEAD_DIM)
    numbers = torch.randn(shape, generator=generator, device=settings.device).to(dtype)
    q, k, v, gradient = numbers.unbind(0)

    out = scaled_dot_product(q, k, v, backend=backend)
    result.check("error", relative_error(*_with_exact(out, q, k, v)), LIMITS[dtype])
    other = scaled_dot_product(q, k, v, backend="sdpa")
    result.check("difference_to_sdpa", relative_error(out, other), LIMITS[dtype])

    with torch.no_grad():
        forward = settings.measure(lambda: scaled_dot_product(q, k, v, backend=backend))
    inputs = [tensor.clone().requires_grad_() for tensor in (q, k, v)]
    both = settings.measure(
        lambda: torch.autograd.grad(scaled_dot_product(*inputs, backend=backend), inputs, gradient)
    )
    result.values |= {
        "forward_ms": forward.milliseconds,
        "forward_backward_ms": both.milliseconds,
        **both.added_mb,
    }
    return result


def _with_exact(out: Tensor, q: Tensor, k: Tensor, v: Tensor) -> tuple[Tensor, Tensor]:
    """The first queries' part of ``out``, and what it is in float64 by the formula."""
    queries = q[:, :NUM_CHECKED_QUERIES].double()
    scores = torch.einsum("bqhd,bkhd->bhqk", queries, k.double()) / HEAD_DIM**0.5
    exact = torch.einsum("bhqk,bkhd->bqhd", scores.softmax(-1), v.double())
    return out[:, :NUM_CHECKED_QUERIES], exact
