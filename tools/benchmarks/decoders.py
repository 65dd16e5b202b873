"""Each decoder of stage 1 alone: loss and gradients from ready feature maps."""

from collections.abc import Iterator
from functools import partial
from typing import Any

import torch

from argus.models.foreign import library_scope
from argus.models.multitask import MultitaskModel
from argus.precision import autocast
from tools.benchmarks.configs import build_model, stage1_config
from tools.benchmarks.report import Case, Result, Settings
from tools.benchmarks.synthetic import batches, feature_maps, preprocess


def cases(settings: Settings) -> Iterator[Case]:
    """A case per task."""
    config = stage1_config(settings.quick)
    model = build_model(config, settings.device)
    for task, batch in batches(config, model, quick=settings.quick).items():
        yield Case(task, partial(_run, settings, config.precision, model, task, batch))


def _run(
    settings: Settings, precision: str, model: MultitaskModel, task: str, batch: dict[str, Any]
) -> Result:
    decoder = model.decoder(task)
    data = preprocess(model, task, batch)
    count, _, *size = data["inputs"].shape
    maps = feature_maps(model, count, (size[0], size[1]))
    wanted = [*maps, *decoder.parameters()]

    def loss() -> torch.Tensor:
        with library_scope(model.libraries[task]), autocast(precision, settings.device.type):
            return decoder.parse_losses(decoder.loss(maps, data["data_samples"]))[0]

    def forward_backward() -> None:
        torch.autograd.grad(loss(), wanted, allow_unused=True)

    result = Result()
    value = float(loss().detach())
    if not 0 < value < float("inf"):
        result.errors.append(f"the loss is {value}, expected a positive number")
    with torch.no_grad():
        alone = settings.measure(loss)
    both = settings.measure(forward_backward)
    result.values = {
        "parameters_m": sum(parameter.numel() for parameter in decoder.parameters()) / 1e6,
        "images": count,
        "loss_ms": alone.milliseconds,
        "loss_backward_ms": both.milliseconds,
        **both.added_mb,
    }
    return result
