"""Process groups by launcher, NCCL on GPUs and Gloo on CPUs, and the reductions the engine needs.

mmengine's own launcher helper binds a CUDA device whatever the backend; on a machine without one
it cannot start.
"""

import os
import subprocess
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import timedelta
from typing import TypeVar, cast

import torch
import torch.distributed as dist
from mmengine.dist import broadcast_object_list
from torch import Tensor, nn

from argus.errors import CheckpointError, ConfigError, DataError
from argus.processes.parent_death import LAUNCHER, end_with_parent

# Where each launcher says the rank, the world size and the rank on this machine.
_LAUNCHER_VARIABLES = {
    "pytorch": ("RANK", "WORLD_SIZE", "LOCAL_RANK"),
    "slurm": ("SLURM_PROCID", "SLURM_NTASKS", "SLURM_LOCALID"),
    "mpi": ("OMPI_COMM_WORLD_RANK", "OMPI_COMM_WORLD_SIZE", "OMPI_COMM_WORLD_LOCAL_RANK"),
}
T = TypeVar("T")

_BUCKET_BYTES = 25 * 2**20


def init_process_group(launcher: str, *, timeout_s: int = 1800, port: int = 29500) -> None:
    """Join the process group that ``launcher`` started this process for; bind its GPU if any.

    Args:
        launcher: ``pytorch`` (torchrun), ``slurm`` or ``mpi``.
        timeout_s: Seconds a collective may take.
        port: Port of rank 0 if MASTER_PORT is not set.

    Raises:
        ConfigError: If the launcher is unknown or its variables are not set.
    """
    if launcher not in _LAUNCHER_VARIABLES:
        raise ConfigError(
            f"launcher: expected 'none' or one of {sorted(_LAUNCHER_VARIABLES)}, got {launcher!r}."
        )
    if "TORCHELASTIC_RUN_ID" in os.environ:
        # Were torchrun killed, this process would train on, unseen; it may have been by now.
        end_with_parent(int(os.environ.pop(LAUNCHER, os.getppid())))
    names = _LAUNCHER_VARIABLES[launcher]
    missing = [name for name in names if name not in os.environ]
    if missing:
        raise ConfigError(
            f"launcher={launcher!r} needs the environment variables {', '.join(missing)}, which "
            "are not set. Start through tools/dist_train.sh or tools/slurm_train.sh, or leave "
            "--launcher out for a single process."
        )
    for target, name in zip(("RANK", "WORLD_SIZE", "LOCAL_RANK"), names, strict=True):
        os.environ[target] = os.environ[name]
    if launcher == "slurm" and "MASTER_ADDR" not in os.environ:
        nodes = os.environ["SLURM_NODELIST"]
        shown = subprocess.run(
            ["scontrol", "show", "hostname", nodes], capture_output=True, text=True, check=True
        )
        os.environ["MASTER_ADDR"] = shown.stdout.split()[0]
    os.environ.setdefault("MASTER_ADDR", "127.0.0.1")
    os.environ.setdefault("MASTER_PORT", str(port))
    on_gpu = torch.cuda.is_available()
    if on_gpu:
        torch.cuda.set_device(int(os.environ["LOCAL_RANK"]))
    dist.init_process_group("nccl" if on_gpu else "gloo", timeout=timedelta(seconds=timeout_s))


def all_reduce_gradients(parameters: Iterable[torch.nn.Parameter]) -> None:
    """Average the gradients of all processes in place; a gradient that is missing counts as zero.

    Every process must pass the same parameters in the same order.
    """
    if dist.is_initialized() and dist.get_world_size() > 1:
        average_in_buckets(_gradients(parameters))


def _gradients(parameters: Iterable[torch.nn.Parameter]) -> Iterator[Tensor]:
    for parameter in parameters:
        if parameter.requires_grad:
            if parameter.grad is None:
                parameter.grad = torch.zeros_like(parameter)
            yield parameter.grad


def average_in_buckets(tensors: Iterable[Tensor]) -> None:
    """Average tensors over all processes in place, some megabytes at a time.

    Every process must pass tensors of the same shapes in the same order.
    """
    if not dist.is_initialized() or dist.get_world_size() == 1:
        return
    bucket: list[Tensor] = []
    size = 0
    for tensor in tensors:
        if bucket and (size > _BUCKET_BYTES or bucket[0].dtype != tensor.dtype):
            _average(bucket)
            bucket, size = [], 0
        bucket.append(tensor)
        size += tensor.numel() * tensor.element_size()
    if bucket:
        _average(bucket)


def _average(tensors: list[Tensor]) -> None:
    flat = torch.cat([tensor.reshape(-1) for tensor in tensors])
    dist.all_reduce(flat)
    flat /= dist.get_world_size()
    parts = flat.split([tensor.numel() for tensor in tensors])
    torch._foreach_copy_(tensors, [part.view_as(t) for part, t in zip(parts, tensors, strict=True)])


def training_buffers(model: nn.Module) -> list[Tensor]:
    """Saved floating-point buffers of modules in training mode, e.g. those of BatchNorm."""
    return [
        buffer
        for module in model.modules()
        if module.training
        for name, buffer in module.named_buffers(recurse=False)
        if buffer.is_floating_point() and name not in module._non_persistent_buffers_set
    ]


@torch.no_grad()
def average_buffers(buffers: list[Tensor]) -> None:
    """Average buffers over all processes in place.

    In float64, so that a buffer that is the same everywhere keeps its bits.
    """
    if not buffers or not dist.is_initialized() or dist.get_world_size() == 1:
        return
    flat = torch.cat([buffer.reshape(-1).double() for buffer in buffers])
    dist.all_reduce(flat)
    flat /= dist.get_world_size()
    parts = flat.split([buffer.numel() for buffer in buffers])
    for buffer, part in zip(buffers, parts, strict=True):
        buffer.copy_(part.view_as(buffer))


@torch.no_grad()
def largest_over_ranks(values: Tensor) -> Tensor:
    """Element-wise maximum over the processes, in place: what one has met, all know.

    Args:
        values: (N,) float, no NaN, on the device of the process group; all processes must call it.
    """
    if dist.is_initialized() and dist.get_world_size() > 1:
        dist.all_reduce(values, op=dist.ReduceOp.MAX)
    return values


def by_first_process(work: Callable[[], T]) -> T:
    """Do something in the first process alone; all processes must call it.

    Args:
        work: What is done there; the others wait for its result, which can be pickled.

    Returns:
        Its result, in all processes.

    Raises:
        ConfigError: As ``work`` does, in all processes, so that none waits for one that has ended.
        DataError: Likewise.
        CheckpointError: Likewise.
        RuntimeError: In the others, if ``work`` raised anything else.
    """
    if not dist.is_initialized() or dist.get_world_size() == 1:
        return work()
    outcome: list[T | Exception | None] = [None]
    failed: Exception | None = None
    if dist.get_rank() == 0:
        try:
            outcome = [work()]
        except Exception as error:  # noqa: BLE001 - the others have to learn of any
            failed = error
            is_ours = type(error) in (ConfigError, DataError, CheckpointError)
            text = f"process 0 failed: {type(error).__name__}: {error}"
            outcome = [type(error)(str(error)) if is_ours else RuntimeError(text)]
    broadcast_object_list(outcome)
    if failed is not None:
        raise failed
    if isinstance(outcome[0], Exception):
        raise outcome[0]
    return cast(T, outcome[0])


def gather_lists(values: list[T]) -> list[T]:
    """The lists of all processes joined, in the order of the ranks."""
    if not dist.is_initialized() or dist.get_world_size() == 1:
        return list(values)
    gathered: list[list[T]] = [[]] * dist.get_world_size()
    dist.all_gather_object(gathered, values)
    return [value for part in gathered for value in part]


def mean_over_ranks(values: Mapping[str, float]) -> dict[str, float]:
    """Mean of each value over the processes that have it.

    A process whose batches held no label of a task has none of that task's values.
    """
    if not dist.is_initialized() or dist.get_world_size() == 1:
        return dict(values)
    gathered: list[Mapping[str, float]] = [{}] * dist.get_world_size()
    dist.all_gather_object(gathered, dict(values))
    found: dict[str, list[float]] = {}
    for part in gathered:
        for name, value in part.items():
            found.setdefault(name, []).append(value)
    return {name: sum(parts) / len(parts) for name, parts in found.items()}
