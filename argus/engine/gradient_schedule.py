"""Three exact schedules of one training step over several tasks.

``joint`` runs one forward over all tasks and one backward. ``packed`` does the same with one pass
of the backbone over the images of all streams, whatever their sizes. ``sequential`` runs forward
and backward stream by stream and adds the gradients up, so that peak memory is that of the largest
stream. The gradients are the same. Processes exchange each of them once a step, in the buckets of
DDP, while the step's last backward pass runs.
"""

import math
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.parallel import DistributedDataParallel

from argus.engine.distributed import all_reduce_gradients
from argus.engine.optim import MultitaskOptimWrapper
from argus.errors import ConfigError
from argus.models.connect import connect

SCHEDULES = ("joint", "sequential", "packed")


@dataclass
class StepValues:
    """What the host knows of a step.

    Args:
        losses: Weighted loss per task, on this process.
        parts: Unweighted parts, ``<task>/<name>``, on this process.
        grad_norms: Norm of each task's gradient, where it was measured.
        factors: Of each task's loss on the shared parameters, where a balancer gave them.
        grad_norm: Norm of the gradients of all processes before clipping.
        is_finite: Whether losses and norm are, on all processes.
        is_asked_to_stop: Whether a process was.
    """

    losses: dict[str, float]
    grad_norm: float
    is_finite: bool
    parts: dict[str, float] = field(default_factory=dict)
    grad_norms: dict[str, float] = field(default_factory=dict)
    factors: dict[str, float] = field(default_factory=dict)
    is_asked_to_stop: bool = False

    @property
    def odd(self) -> dict[str, float]:
        """Losses, parts, factors and the norm that are not finite here."""
        factors = {f"{task}/balancing": value for task, value in self.factors.items()}
        values = {**self.losses, **self.parts, **factors, "gradient norm": self.grad_norm}
        return {name: value for name, value in values.items() if not math.isfinite(value)}


@dataclass
class StepResult:
    """What a step leaves for the log: detached tensors, so that nothing waits for the device.

    Args:
        losses: Weighted loss per task, summed over the accumulated batches.
        parts: Unweighted parts, ``<task>/<name>``.
        grad_norms: Norm of each task's gradient on the probed parameters, when asked for; the mean
            over the accumulated batches.
        factors: Of each task's loss on the shared parameters, where a balancer gave them.
        values: What the host has read of it.
    """

    losses: dict[str, Tensor] = field(default_factory=dict)
    parts: dict[str, Tensor] = field(default_factory=dict)
    grad_norms: dict[str, Tensor] = field(default_factory=dict)
    factors: dict[str, Tensor] = field(default_factory=dict)
    values: StepValues | None = None

    def add(
        self,
        losses: Mapping[str, Tensor],
        parts: Mapping[str, Tensor],
        grad_norms: Mapping[str, Tensor],
        *,
        scale: float,
    ) -> None:
        """Add a batch's values up.

        Args:
            losses: By task.
            parts: By name.
            grad_norms: By task.
            scale: One by the number of accumulated batches.
        """
        for store, new in (
            (self.losses, losses),
            (self.parts, parts),
            (self.grad_norms, grad_norms),
        ):
            for name, value in new.items():
                store[name] = store.get(name, 0.0) + value.detach() * scale


class GradientSchedule:
    """Fill the gradients of one optimizer step.

    Args:
        kind: ``joint``, ``sequential`` or ``packed``.
    """

    def __init__(self, kind: str = "joint") -> None:
        if kind not in SCHEDULES:
            raise ConfigError(f"train_cfg.schedule: expected one of {SCHEDULES}, found {kind!r}.")
        self.kind = kind
        self.mode = "packed" if kind == "packed" else "loss"  # of the model's forward

    @property
    def takes_all_at_once(self) -> bool:
        """Whether all streams go through the model together, forward and backward."""
        return self.kind != "sequential"

    def backward(
        self,
        model: nn.Module,
        micro_batches: Sequence[Mapping[str, Any]],
        optim_wrapper: MultitaskOptimWrapper,
        *,
        seeds: Sequence[Mapping[str, int]],
        probe: Sequence[nn.Parameter] = (),
    ) -> StepResult:
        """Accumulate the gradients of all micro-batches, averaged over them and the processes.

        Args:
            model: The multitask model, or its DDP wrapper.
            micro_batches: Batches by stream; more than one accumulates.
            optim_wrapper: Gives the autocast context.
            seeds: Seed by task of each micro-batch.
            probe: Parameters on which to measure each task's gradient norm; costs a backward
                pass per task.
        """
        result = StepResult()
        scale = 1.0 / len(micro_batches)
        passes = [
            (group, seed)
            for batches, seed in zip(micro_batches, seeds, strict=True)
            for group in self.groups(batches)
        ]
        in_last_pass = has_all_streams(model, micro_batches)
        for index, (group, seed) in enumerate(passes):
            reduce_now = in_last_pass and index == len(passes) - 1
            with no_sync(model, active=not reduce_now):
                with optim_wrapper.optim_context(model):
                    losses, parts = model(group, mode=self.mode, seeds=seed)
                norms = gradient_norms(losses, probe) if probe else {}
                total = torch.stack([loss * scale for loss in losses.values()]).sum()
                if reduce_now:
                    # Those of earlier passes are complete: DDP sends them off at once.
                    total = connect(total, _decoders_outside(model, losses))
                total.backward()
            result.add(losses, parts, norms, scale=scale)
        parameters = stepped_parameters(model, result.losses)
        if not in_last_pass:
            all_reduce_gradients(parameters)
        fill_missing(parameters)
        return result

    def after_step(
        self,
        model: nn.Module,
        micro_batches: Sequence[Mapping[str, Any]],
        optim_wrapper: MultitaskOptimWrapper,
        *,
        seeds: Sequence[Mapping[str, int]],
    ) -> None:
        """Called after the step that :meth:`backward` prepared was taken, with the same."""

    def undo(self) -> None:
        """Called where that step was not taken."""

    def groups(self, batches: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
        """The streams that go through the model together."""
        if self.takes_all_at_once:
            yield batches
        else:
            yield from ({stream: batch} for stream, batch in batches.items())


@contextmanager
def no_sync(model: nn.Module, *, active: bool) -> Iterator[None]:
    """Leave the gradients of a backward pass to this process, if ``active``."""
    if active and isinstance(model, DistributedDataParallel):
        with model.no_sync():
            yield
    else:
        yield


def gradient_norms(
    losses: Mapping[str, Tensor], probe: Sequence[nn.Parameter]
) -> dict[str, Tensor]:
    """Norm of each loss's gradient on the parameters of ``probe``; a backward pass for each."""
    norms = {}
    for task, loss in losses.items():
        grads = torch.autograd.grad(loss, probe, retain_graph=True, allow_unused=True)
        found = [grad for grad in grads if grad is not None]
        norms[task] = torch.nn.utils.get_total_norm(found) if found else loss.detach() * 0
    return norms


def has_all_streams(model: nn.Module, micro_batches: Sequence[Mapping[str, Any]]) -> bool:
    """Whether a step is of all that is trained, so that DDP may wait for every parameter."""
    streams = {stream for batches in micro_batches for stream in batches}
    return streams.issuperset(_unwrapped(model).streams)


def _unwrapped(model: nn.Module) -> Any:
    return model.module if isinstance(model, DistributedDataParallel) else model


def _decoders_outside(model: nn.Module, tasks: Collection[str]) -> list[nn.Parameter]:
    decoders = _unwrapped(model).decoders
    return [p for name in decoders if name not in tasks for p in decoders[name].parameters()]


def stepped_parameters(model: nn.Module, tasks: Collection[str]) -> list[nn.Parameter]:
    """The trained parameters but for the decoders of tasks that were not in the step.

    Those take no step, not even of weight decay or momentum.
    """
    idle = {id(parameter) for parameter in _decoders_outside(model, tasks)}
    return [p for p in model.parameters() if p.requires_grad and id(p) not in idle]


def fill_missing(parameters: Iterable[nn.Parameter]) -> None:
    """Zero gradients where no loss gave any: as DDP leaves them, so that one steps like many."""
    for parameter in parameters:
        if parameter.grad is None:
            parameter.grad = torch.zeros_like(parameter)
