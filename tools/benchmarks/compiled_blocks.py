"""The blocks of the ViT by ``torch.compile`` against the plain ones, in turns: ``compile_vit``.

The adapter on a frozen ViT-S and two pictures, forward and backward, which a CPU can do as well. On
a CPU what counts is the time of the processor; with ``--quick`` nothing is generated and built.
"""

import time
from collections.abc import Iterator
from functools import partial

import torch
from torch import Tensor, nn

from argus.engine.compiled_blocks import BACKEND, compile_blocks, missing_compiler
from argus.models.backbones import DinoVisionTransformer, ViTAdapter
from argus.precision import AUTO, autocast
from tools.benchmarks.configs import SEED, stage1_config
from tools.benchmarks.report import Case, Result, Settings, relative_error
from tools.benchmarks.timing import compare

SIZES, QUICK_SIZES = (224, 256), (64, 96)
LIMITS = {"fp32": 1e-4, AUTO: 5e-2}


def cases(settings: Settings) -> Iterator[Case]:
    """In float32, which says that the numbers are the same, and in what the device takes."""
    for precision in ("fp32", AUTO) if settings.device.type == "cuda" else ("fp32",):
        yield Case(f"adapter, {precision}", partial(_run, settings, precision))


def _run(settings: Settings, precision: str) -> Result:
    missing = missing_compiler(settings.device.type)
    if missing and not settings.quick:
        return Result(note=f"needs {missing}")
    plain, compiled = _adapter(settings), _adapter(settings)
    compile_blocks(compiled, backend="aot_eager" if settings.quick else BACKEND)
    sizes = QUICK_SIZES if settings.quick else SIZES
    result = Result()
    for name, size in zip(("first_step_s", "other_size_s"), sizes, strict=True):
        start = time.perf_counter()
        found = _step(settings, precision, compiled, size)
        result.values[name] = time.perf_counter() - start
        error = relative_error(found, _step(settings, precision, plain, size))
        result.check("difference", error, LIMITS[precision])
    clock = time.perf_counter if settings.device.type == "cuda" else time.process_time
    both = compare(
        partial(_step, settings, precision, compiled, sizes[0]),
        partial(_step, settings, precision, plain, sizes[0]),
        settings.device,
        pairs=1 if settings.quick else 12,
        runs=1,
        clock=clock,
    )
    result.values |= {
        "compiled_ms": both.first_ms,
        "plain_ms": both.second_ms,
        "ratio": both.ratio,
        "ratio_low": both.low,
        "ratio_high": both.high,
    }
    return result


def _adapter(settings: Settings) -> nn.Module:
    torch.manual_seed(SEED)
    vit = dict(type=DinoVisionTransformer, arch="small", weights="random")
    if settings.quick:
        vit = stage1_config(quick=True).backbone.vit
    return ViTAdapter(vit=vit, freeze_vit=True).to(settings.device).train()


def _step(settings: Settings, precision: str, model: nn.Module, size: int) -> Tensor:
    """Gradients of the trained parameters, joined."""
    pictures = torch.linspace(-1, 1, 6 * size * size).view(2, 3, size, size).to(settings.device)
    trained = [parameter for parameter in model.parameters() if parameter.requires_grad]
    with autocast(precision, settings.device.type):
        maps = model(pictures)
    loss = torch.stack([level.float().square().mean() for level in maps]).sum()
    gradients = torch.autograd.grad(loss, trained)
    return torch.cat([gradient.flatten() for gradient in gradients])
