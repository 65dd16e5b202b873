"""Floating-point operations of a step of stage 1, counted: what no implementation can do without.

Matrix products, convolutions and attention, two operations for each multiplication with its sum, as
PyTorch's counter has them; neither norms, activations and interpolation nor the sampling of
deformable attention. Counted is one picture times the batch size of the config, since each costs
the same: the backbone by shapes alone, the decoders, which ask for values, on the CPU.
"""

import multiprocessing
from collections.abc import Iterator, Sequence
from functools import partial
from multiprocessing.connection import Connection
from typing import Any

import torch
from torch import Tensor, nn
from torch._subclasses.fake_tensor import FakeTensorMode
from torch.utils.flop_counter import FlopCounterMode, sdpa_backward_flop_count, sdpa_flop_count

from argus.models.foreign import library_scope
from argus.models.multitask import MultitaskModel
from tools.benchmarks.configs import build_model, stage1_config
from tools.benchmarks.report import Case, Result, Settings
from tools.benchmarks.synthetic import batches, feature_maps, preprocess

TERA = 1e12
# Matrix products in bfloat16 without sparsity, operations a second, as the maker states them:
# https://www.nvidia.com/en-us/data-center/h200.
H200 = 989e12


def cases(settings: Settings) -> Iterator[Case]:
    """A case per task, then their sum."""
    config = stage1_config(settings.quick)
    model = build_model(config, torch.device("cpu"))
    found: dict[str, dict[str, float]] = {}
    for task, batch in batches(config, model, quick=settings.quick).items():
        number = len(batch["inputs"])
        one = {key: values[:1] for key, values in batch.items()}
        yield Case(task, partial(_run, model, task, one, number, found))
    yield Case("all tasks", partial(_sum, found))


def _run(
    model: MultitaskModel,
    task: str,
    batch: dict[str, Any],
    number: int,
    found: dict[str, dict[str, float]],
) -> Result:
    decoder = model.decoder(task)
    data = preprocess(model, task, batch)
    _, _, height, width = data["inputs"].shape
    maps = feature_maps(model, 1, (height, width))
    with counter() as forward, library_scope(model.libraries[task]):
        loss = decoder.parse_losses(decoder.loss(maps, data["data_samples"]))[0]
    with counter() as backward:
        wanted = [*maps, *_trained(decoder)]
        gradients = torch.autograd.grad(loss, wanted, allow_unused=True)
    # A decoder need not look at all maps.
    used = [index for index in range(len(maps)) if gradients[index] is not None]
    operations = [
        *_of_backbone(model.backbone, (height, width), used),
        forward.get_total_flops(),
        backward.get_total_flops(),
    ]
    names = ("backbone", "backbone_backward", "decoder", "decoder_backward")
    found[task] = {"images": number} | {
        f"{name}_tera": number * value / TERA for name, value in zip(names, operations, strict=True)
    }
    return _result(found[task])


def _of_backbone(backbone: nn.Module, size: tuple[int, int], used: Sequence[int]) -> list[int]:
    """Operations of the forward pass and of the gradients from some of the maps, for one picture.

    In a process of its own: tensors without values stay behind in the caches of the layers.
    """
    context = multiprocessing.get_context("fork")
    receiver, sender = context.Pipe(duplex=False)
    process = context.Process(target=_count, args=(backbone, size, used, sender))
    process.start()
    sender.close()
    try:
        counted: list[int] = receiver.recv()
    finally:
        process.join()
    return counted


def _count(
    backbone: nn.Module, size: tuple[int, int], used: Sequence[int], sender: Connection
) -> None:
    with FakeTensorMode(allow_non_fake_inputs=True):
        with counter() as forward:
            maps = backbone(torch.empty(1, 3, *size))
        levels = [maps[index] for index in used]
        weights = [torch.empty_like(level) for level in levels]
        with counter() as backward:
            torch.autograd.grad(levels, _trained(backbone), weights, allow_unused=True)
    sender.send([forward.get_total_flops(), backward.get_total_flops()])


def _sum(found: dict[str, dict[str, float]]) -> Result:
    names = next(iter(found.values()))
    return _result({name: sum(values[name] for values in found.values()) for name in names})


def _result(values: dict[str, float]) -> Result:
    total = sum(value for name, value in values.items() if name.endswith("_tera"))
    return Result({**values, "total_tera": total, "h200_ms": 1e3 * total * TERA / H200})


def _trained(module: nn.Module) -> list[Tensor]:
    return [parameter for parameter in module.parameters() if parameter.requires_grad]


def counter() -> FlopCounterMode:
    """PyTorch's counter, with the attention of the CPU, which it does not know."""
    ops = torch.ops.aten

    def forward(query: Any, key: Any, value: Any, *_: Any, **__: Any) -> int:
        return int(sdpa_flop_count(query, key, value))

    def backward(gradient: Any, query: Any, key: Any, value: Any, *_: Any, **__: Any) -> int:
        return int(sdpa_backward_flop_count(gradient, query, key, value))

    return FlopCounterMode(
        display=False,
        custom_mapping={
            ops._scaled_dot_product_flash_attention_for_cpu: forward,
            ops._scaled_dot_product_flash_attention_for_cpu_backward: backward,
        },
    )
