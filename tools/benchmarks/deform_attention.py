"""Deformable attention sampling: every backend against PyTorch in float64, time and memory."""

from collections.abc import Iterator
from functools import partial
from typing import NamedTuple

import torch
from torch import Tensor

from argus.layers.ms_deform_attn import (
    BACKENDS,
    missing_for_backends,
    ms_deform_attn,
    use_ms_deform_attn_backend,
)
from argus.layers.ms_deform_attn_torch import ms_deform_attn_sampled
from tools.benchmarks.report import Case, Result, Settings, relative_error

HEAD_DIM, NUM_POINTS, BATCH = 32, 4, 2
PYRAMID = (8, 16, 32)  # strides of the adapter tokens
# Limits for the largest error over the largest value: of the output, of the gradients. The value
# and the gradient of the output are bfloat16 in the second row, sampling is float32 in both.
LIMITS = {torch.float32: (1e-4, 1e-3), torch.bfloat16: (1e-2, 1e-2)}
# A location's gradient jumps where it crosses from cell to cell; keep off, or rounding decides.
MARGIN = 0.05


class Shape(NamedTuple):
    """Who asks whom: the queries' and the values' levels as strides of an image of ``size``."""

    name: str
    size: int
    num_heads: int
    query_strides: tuple[int, ...]
    value_strides: tuple[int, ...]


def shapes(quick: bool) -> list[Shape]:
    """Injector and extractor of ViT-B's adapter, and the pixel encoder of Mask DINO."""
    sizes = (64,) if quick else (1024, 512)
    adapter = [
        Shape(f"{name} {size}", size, 12, *strides)
        for size in sizes
        for name, strides in (("injector", ((16,), PYRAMID)), ("extractor", (PYRAMID, (16,))))
    ]
    return [*adapter, Shape(f"Mask DINO encoder {sizes[0]}", sizes[0], 8, PYRAMID, PYRAMID)]


def cases(settings: Settings) -> Iterator[Case]:
    """A case per shape, data type and backend; one row with the reason if a backend is out."""
    missing = missing_for_backends() if settings.device.type == "cuda" else {}
    for backend in BACKENDS:
        reason = missing.get(backend, "" if backend == "torch" else "a CUDA device")
        if reason:
            yield Case(backend, partial(Result, note=f"does not run here: needs {reason}"))
    for shape in shapes(settings.quick):
        for dtype in LIMITS:
            for backend in reversed(BACKENDS):
                if backend == "torch" or missing.get(backend) == "":
                    name = f"{shape.name}, {str(dtype).removeprefix('torch.')}, {backend}"
                    yield Case(name, partial(_run, settings, shape, dtype, backend))


def _run(settings: Settings, shape: Shape, dtype: torch.dtype, backend: str) -> Result:
    levels = [(shape.size // stride,) * 2 for stride in shape.value_strides]
    inputs, gradient = _inputs(settings, shape, levels, dtype)

    def forward() -> Tensor:
        value, locations, weights = inputs
        return ms_deform_attn(value, levels, locations, weights)

    def forward_backward() -> tuple[Tensor, ...]:
        return torch.autograd.grad(forward(), inputs, gradient)

    exact_inputs = [tensor.detach().double().requires_grad_() for tensor in inputs]
    exact = ms_deform_attn_sampled(exact_inputs[0], levels, *exact_inputs[1:])
    exact_gradients = torch.autograd.grad(exact, exact_inputs, gradient.double())

    result = Result()
    limit, gradient_limit = LIMITS[dtype]
    with use_ms_deform_attn_backend(backend):
        result.check("error", relative_error(forward(), exact), limit)
        pairs = zip(forward_backward(), exact_gradients, strict=True)
        worst = max(relative_error(found, expected) for found, expected in pairs)
        result.check("gradient_error", worst, gradient_limit)
        del exact, exact_inputs, exact_gradients
        with torch.no_grad():
            alone = settings.measure(forward)
        both = settings.measure(forward_backward)
    result.values |= {
        "forward_ms": alone.milliseconds,
        "forward_backward_ms": both.milliseconds,
        **both.added_mb,
    }
    return result


def _inputs(
    settings: Settings, shape: Shape, levels: list[tuple[int, int]], dtype: torch.dtype
) -> tuple[list[Tensor], Tensor]:
    """Values, locations and weights that want gradients, and a gradient of the output."""
    device = settings.device
    generator = torch.Generator(device).manual_seed(0)
    heads, num_levels = shape.num_heads, len(levels)
    queries = sum((shape.size // stride) ** 2 for stride in shape.query_strides)
    cells = sum(height * width for height, width in levels)
    value = torch.randn(BATCH, cells, heads, HEAD_DIM, generator=generator, device=device)
    # Width and height of each level, (L, 1, 2). From one cell outside to the last inside.
    sizes = torch.tensor([[w, h] for h, w in levels], device=device)[:, None]
    points = (BATCH, queries, heads, num_levels, NUM_POINTS)
    random = torch.rand(2, *points, 2, generator=generator, device=device)
    cell = (random[0] * (sizes + 1)).floor() - 1
    locations = (cell + MARGIN + (1 - 2 * MARGIN) * random[1] + 0.5) / sizes
    logits = torch.randn(points, generator=generator, device=device)
    weights = logits.flatten(-2).softmax(-1).view(points)
    gradient = torch.randn(BATCH, queries, heads * HEAD_DIM, generator=generator, device=device)
    return [t.requires_grad_() for t in (value.to(dtype), locations, weights)], gradient.to(dtype)
