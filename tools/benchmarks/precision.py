"""bfloat16 against float32 on this device, in turns: what precision ``auto`` goes by.

The adapter on a frozen ViT-S and one picture, which a CPU can do as well.
"""

from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import torch

from argus.models.backbones import DinoVisionTransformer, ViTAdapter
from argus.precision import autocast, has_bfloat16
from tools.benchmarks.configs import SEED, stage1_config
from tools.benchmarks.report import Case, Result, Settings

SIZE, QUICK_SIZE = 256, 64


def cases(settings: Settings) -> Iterator[Case]:
    """The forward pass, and a training step without its update."""
    for name in ("forward", "forward and backward"):
        yield Case(f"adapter, {name}", partial(_run, settings, trains="backward" in name))


def _run(settings: Settings, *, trains: bool) -> Result:
    if not has_bfloat16(settings.device.type) and not settings.quick:
        return Result(note="no bfloat16: a convolution would take a minute")
    work = _work(settings, trains=trains)
    found = settings.compare(lambda: work("bf16"), lambda: work("fp32"))
    return Result(
        {
            "bf16_ms": found.first_ms,
            "fp32_ms": found.second_ms,
            "ratio": found.ratio,
            "ratio_low": found.low,
            "ratio_high": found.high,
        }
    )


def _work(settings: Settings, *, trains: bool) -> Callable[[str], Any]:
    torch.manual_seed(SEED)
    vit = dict(type=DinoVisionTransformer, arch="small", weights="random")
    if settings.quick:
        vit = stage1_config(quick=True).backbone.vit
    backbone = ViTAdapter(vit=vit, freeze_vit=True).to(settings.device).train()
    size = QUICK_SIZE if settings.quick else SIZE
    picture = torch.randn(1, 3, size, size).to(settings.device)
    trained = [parameter for parameter in backbone.parameters() if parameter.requires_grad]

    def work(precision: str) -> None:
        with torch.set_grad_enabled(trains), autocast(precision, settings.device.type):
            maps = backbone(picture)
        if trains:
            torch.autograd.grad(sum(level.float().square().mean() for level in maps), trained)

    return work
