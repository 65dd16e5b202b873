"""The backbone: time and memory, with and without adapter, checkpointing and a frozen ViT."""

import copy
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import torch
from torch import Tensor, nn

from argus.models.backbones import PlainViT, ViTAdapter
from argus.precision import AUTO, autocast, has_bfloat16
from tools.benchmarks.configs import SEED, stage1_config
from tools.benchmarks.report import Case, Result, Settings, relative_error

BATCH = 2
# Largest error over the largest value, of the four maps.
CPU_LIMIT = 1e-3  # float32 without TF32, other order of summation through the whole network
# bfloat16 rounds to 2^-9 in every layer; the errors add up over the depth of the ViT.
BF16_LIMIT = 5e-2
CHECKPOINT_LIMIT = 1e-2  # the same kernels run again: of the gradients, in bfloat16


def cases(settings: Settings) -> Iterator[Case]:
    """Checks on small images, then each kind of backbone at each size."""
    checked = 64 if settings.quick else 224
    yield Case(f"{settings.device.type} and CPU, float32", partial(_against_cpu, settings, checked))
    yield Case("bfloat16 and float32", partial(_bf16, settings, checked))
    yield Case("checkpointing", partial(_checkpointing, settings, checked))
    kinds: dict[str, Callable[[], nn.Module]] = {
        "adapter, frozen ViT": partial(_adapter, settings),
        "adapter, frozen ViT, checkpointing": partial(_adapter, settings, with_cp=True),
        "adapter, trained ViT": partial(_adapter, settings, freeze_vit=False),
        "frozen ViT without adapter": partial(_plain, settings),
    }
    for size in (64,) if settings.quick else (1024, 512):
        for name, build in kinds.items():
            yield Case(f"{name}, {BATCH} x {size} px", partial(_run, settings, build, size))


def _adapter(settings: Settings, **changes: Any) -> nn.Module:
    torch.manual_seed(SEED)
    config = {k: v for k, v in stage1_config(settings.quick).backbone.items() if k != "type"}
    backbone = ViTAdapter(**{**config, **changes})
    with torch.no_grad():
        for name, parameter in backbone.named_parameters():
            if name.endswith("injector.gamma"):
                parameter.fill_(0.1)  # zero at the start, which would hide the injectors' results
    return backbone.to(settings.device).train()


def _plain(settings: Settings) -> nn.Module:
    torch.manual_seed(SEED)
    vit = stage1_config(settings.quick).backbone.vit
    return PlainViT(vit, freeze_vit=True).to(settings.device).train()


def _images(settings: Settings, size: int) -> Tensor:
    generator = torch.Generator().manual_seed(SEED)
    return torch.randn(BATCH, 3, size, size, generator=generator).to(settings.device)


def _run(settings: Settings, build: Callable[[], nn.Module], size: int) -> Result:
    backbone, images = build(), _images(settings, size)
    trained = [parameter for parameter in backbone.parameters() if parameter.requires_grad]

    def forward() -> tuple[Tensor, ...]:
        with autocast(AUTO, settings.device.type):
            return backbone(images)

    def forward_backward() -> None:
        loss = torch.stack([level.float().mean() for level in forward()]).sum()
        torch.autograd.grad(loss, trained)

    with torch.no_grad():
        alone = settings.measure(forward)
    result = Result({"forward_ms": alone.milliseconds})
    result.values["images_per_s"] = 1e3 * BATCH / alone.milliseconds
    result.values |= {f"forward_{name}": value for name, value in alone.peak_gb.items()}
    if trained:
        both = settings.measure(forward_backward)
        result.values["forward_backward_ms"] = both.milliseconds
        result.values |= both.peak_gb
    return result


def _against_cpu(settings: Settings, size: int) -> Result:
    backbone, images = _adapter(settings), _images(settings, size)
    with torch.no_grad(), torch.backends.cudnn.flags(enabled=True, allow_tf32=False):
        found = backbone(images)
        expected = copy.deepcopy(backbone).cpu()(images.cpu())
    return _compared("error", [level.cpu() for level in found], expected, CPU_LIMIT)


def _bf16(settings: Settings, size: int) -> Result:
    if not has_bfloat16(settings.device.type) and not settings.quick:  # it would take hours
        return Result(note="no bfloat16")
    backbone, images = _adapter(settings), _images(settings, size)
    with torch.no_grad():
        expected = backbone(images)
        with autocast("bf16", settings.device.type):
            found = backbone(images)
    return _compared("error", found, expected, BF16_LIMIT)


def _checkpointing(settings: Settings, size: int) -> Result:
    images, gradients = _images(settings, size), []
    for with_cp in (False, True):
        backbone = _adapter(settings, with_cp=with_cp)
        trained = [parameter for parameter in backbone.parameters() if parameter.requires_grad]
        with autocast(AUTO, settings.device.type):
            maps = backbone(images)
        loss = torch.stack([level.float().square().mean() for level in maps]).sum()
        gradients.append(torch.cat([g.flatten() for g in torch.autograd.grad(loss, trained)]))
    return _compared("gradient_error", gradients[1:], gradients[:1], CHECKPOINT_LIMIT)


def _compared(column: str, found: Any, expected: Any, limit: float) -> Result:
    result = Result()
    pairs = zip(found, expected, strict=True)
    result.check(column, max(relative_error(a, b) for a, b in pairs), limit)
    return result
