"""One backbone pass and N decoders, against N models with a backbone each, on the same images."""

from collections.abc import Iterator, Sequence
from functools import partial
from typing import Any

import torch
from torch import Tensor

from argus.models.foreign import library_scope
from argus.models.multitask import MultitaskModel
from argus.precision import autocast
from tools.benchmarks.configs import build_model, stage1_config
from tools.benchmarks.report import Case, Result, Settings, relative_error

LIMIT = 1e-2  # largest difference of an output over its largest value, bfloat16


def cases(settings: Settings) -> Iterator[Case]:
    """A case per image size (pixels) and batch size; the networks alone, no post-processing."""
    config = stage1_config(settings.quick)
    model = build_model(config, settings.device).eval()
    for size, batch in ((64, 1),) if settings.quick else ((512, 1), (640, 1), (640, 8)):
        yield Case(
            f"{batch} x {size} px", partial(_run, settings, config.precision, model, size, batch)
        )


def _run(
    settings: Settings, precision: str, model: MultitaskModel, size: int, batch: int
) -> Result:
    generator = torch.Generator().manual_seed(0)
    images = torch.randn(batch, 3, size, size, generator=generator).to(settings.device)

    def backbone() -> tuple[Tensor, ...]:
        return model.features(images)

    def shared() -> list[Tensor]:
        return _outputs(model, backbone())

    def separate() -> list[Tensor]:
        return _outputs(model, images)

    result = Result()
    with torch.no_grad(), autocast(precision, settings.device.type):
        pairs = zip(shared(), separate(), strict=True)
        result.check("difference", max(relative_error(a, b) for a, b in pairs), LIMIT)
        once, apart, alone = (settings.measure(work) for work in (shared, separate, backbone))
    count = len(model.decoders)
    backbone_size = _millions(model.backbone)
    result.values |= {
        "backbone_ms": alone.milliseconds,
        "shared_ms": once.milliseconds,
        "separate_ms": apart.milliseconds,
        "shared_images_per_s": 1e3 * batch / once.milliseconds,
        "shared_parameters_m": backbone_size + _millions(model.decoders),
        "separate_parameters_m": count * backbone_size + _millions(model.decoders),
        **once.added_mb,
    }
    return result


def _outputs(model: MultitaskModel, inputs: Tensor | Sequence[Tensor]) -> list[Tensor]:
    """What all decoders make of images or of feature maps."""
    found: list[Tensor] = []
    for task, library in model.libraries.items():
        with library_scope(library):
            found += _tensors(model.decoder(task)(inputs, None, mode="tensor"))
    return found


def _tensors(output: Any) -> list[Tensor]:
    return (
        [output] if isinstance(output, Tensor) else [t for part in output for t in _tensors(part)]
    )


def _millions(module: torch.nn.Module) -> float:
    return sum(parameter.numel() for parameter in module.parameters()) / 1e6
