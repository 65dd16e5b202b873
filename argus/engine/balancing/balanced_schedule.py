"""The schedules of a step whose tasks a balancer weighs: one exact sum for all of them.

Where the factors follow from the losses alone, and all losses are there before the backward pass
(``joint`` or ``packed``, one batch of every task), they enter the loss. Otherwise each task's
gradient on what the tasks share is kept apart until the factors are known: those depend on all
tasks, all accumulated batches and all processes. On the decoders no two tasks meet, so nothing is
kept there.
"""

import copy
from collections.abc import Mapping, Sequence
from typing import Any

import torch
from torch import Tensor, nn

from argus.engine.balancing.balancer import Balancer, Factors
from argus.engine.balancing.gram import Gradients
from argus.engine.distributed import all_reduce_gradients, average_in_buckets
from argus.engine.gradient_schedule import (
    GradientSchedule,
    StepResult,
    fill_missing,
    gradient_norms,
    no_sync,
    stepped_parameters,
)
from argus.engine.guard.step_guard import BufferKeeper
from argus.engine.optim import MultitaskOptimWrapper
from argus.models.randomness import seed_all
from argus.models.task_model import TaskModel


class BalancedSchedule(GradientSchedule):
    """Fill the gradients of one optimizer step with what a balancer makes of the tasks.

    Args:
        kind: ``joint``, ``sequential`` or ``packed``; the same gradients.
        balancer: Has been started.
        model: The model without its distributed wrapper.

    Raises:
        ConfigError: The balancer compares gradients, and nothing of the backbone is trained.
    """

    def __init__(self, kind: str, balancer: Balancer, model: TaskModel) -> None:
        super().__init__(kind)
        self.balancer = balancer
        self.model = model
        decoders = {id(parameter) for parameter in model.decoders.parameters()}
        shared = {
            name: parameter
            for name, parameter in model.named_parameters()
            if parameter.requires_grad and id(parameter) not in decoders
        }
        self.shared = list(shared.values())
        names = [name.removeprefix("backbone.") for name in shared]
        self.seen = balancer.parameters_seen(names) if balancer.needs_gradients else []

    def backward(
        self,
        model: nn.Module,
        micro_batches: Sequence[Mapping[str, Any]],
        optim_wrapper: MultitaskOptimWrapper,
        *,
        seeds: Sequence[Mapping[str, int]],
        probe: Sequence[nn.Parameter] = (),
    ) -> StepResult:
        """As of :class:`GradientSchedule`; the losses of the result are those before balancing."""
        at_once = not self.balancer.needs_gradients and self.takes_all_at_once
        if at_once and len(micro_batches) == 1:
            return self._at_once(model, micro_batches[0], optim_wrapper, seeds[0], probe)
        return self._apart(model, micro_batches, optim_wrapper, seeds, probe)

    def _at_once(
        self,
        model: nn.Module,
        batches: Mapping[str, Any],
        optim_wrapper: MultitaskOptimWrapper,
        seeds: Mapping[str, int],
        probe: Sequence[nn.Parameter],
    ) -> StepResult:
        losses, parts = self._losses(model, batches, optim_wrapper, seeds)
        norms = gradient_norms(losses, probe) if probe else {}
        result = StepResult()
        result.add(losses, parts, norms, scale=1.0)
        factors = self._factors(result, ())
        pairs = zip(losses.values(), factors.own, strict=True)
        torch.stack([loss * factor for loss, factor in pairs]).sum().backward()
        fill_missing(stepped_parameters(model, losses))
        return result

    def _apart(
        self,
        model: nn.Module,
        micro_batches: Sequence[Mapping[str, Any]],
        optim_wrapper: MultitaskOptimWrapper,
        seeds: Sequence[Mapping[str, int]],
        probe: Sequence[nn.Parameter],
    ) -> StepResult:
        result = StepResult()
        scale = 1.0 / len(micro_batches)
        kept: dict[str, list[Tensor | None]] = {}
        for batches, seed in zip(micro_batches, seeds, strict=True):
            for group in self.groups(batches):
                with no_sync(model, active=True):
                    losses, parts = self._losses(model, group, optim_wrapper, seed)
                    norms = gradient_norms(losses, probe) if probe else {}
                    for index, (task, loss) in enumerate(losses.items()):
                        self._take(kept.setdefault(task, [None] * len(self.shared)))
                        (loss * scale).backward(retain_graph=index < len(losses) - 1)
                        kept[task] = self._give_back()
                result.add(losses, parts, norms, scale=scale)
        # Parameters that a task does not use have no gradient of it.
        gradients = [
            [torch.zeros_like(p) if g is None else g for p, g in zip(self.shared, own, strict=True)]
            for own in (kept[task] for task in result.losses)
        ]
        sees = self.balancer.needs_gradients
        if sees:
            average_in_buckets(gradient for own in gradients for gradient in own)
        factors = self._factors(result, [[own[i] for i in self.seen] for own in gradients])
        self._sum_up(list(result.losses), gradients, factors)
        parameters = stepped_parameters(model, result.losses)
        shared = {id(parameter) for parameter in self.shared} if sees else set()
        all_reduce_gradients(p for p in parameters if id(p) not in shared)
        fill_missing(parameters)
        return result

    def _losses(
        self,
        model: nn.Module,
        batches: Mapping[str, Any],
        optim_wrapper: MultitaskOptimWrapper,
        seeds: Mapping[str, int],
    ) -> tuple[dict[str, Tensor], dict[str, Tensor]]:
        """As the model gives them; a second time, too, if the balancer looks again."""
        if self.balancer.looks_again:
            # Preprocessors pad and mix labels in place, and draw before a decoder is seeded.
            batches = copied(batches)
            if seeds:
                seed_all(seeds[next(iter(batches))])
        with optim_wrapper.optim_context(model):
            return model(batches, mode=self.mode, seeds=seeds)

    def _take(self, gradients: Sequence[Tensor | None]) -> None:
        """Let the next backward pass add to these."""
        for parameter, gradient in zip(self.shared, gradients, strict=True):
            parameter.grad = gradient

    def _give_back(self) -> list[Tensor | None]:
        gradients = [parameter.grad for parameter in self.shared]
        for parameter in self.shared:
            parameter.grad = None
        return gradients

    def _factors(self, result: StepResult, gradients: Gradients) -> Factors:
        factors = self.balancer.factors(_means(result), gradients)
        result.factors = dict(zip(result.losses, factors.shared, strict=True))
        return factors

    @torch.no_grad()
    def _sum_up(self, tasks: Sequence[str], gradients: Gradients, factors: Factors) -> None:
        for task, factor in zip(tasks, factors.own, strict=True):
            for parameter in self.model.decoders[task].parameters():
                if parameter.grad is not None:
                    parameter.grad.mul_(factor)
        for index, parameter in enumerate(self.shared):
            total = gradients[0][index].mul_(factors.shared[0])
            for own, factor in zip(gradients[1:], factors.shared[1:], strict=True):
                total.addcmul_(own[index], factor)
            parameter.grad = total

    def after_step(
        self,
        model: nn.Module,
        micro_batches: Sequence[Mapping[str, Any]],
        optim_wrapper: MultitaskOptimWrapper,
        *,
        seeds: Sequence[Mapping[str, int]],
    ) -> None:
        """Let the balancer learn of the step."""

        def again() -> Tensor:
            result = StepResult()
            keeper = BufferKeeper(self.model)
            keeper.keep()  # a batch counts once in the statistics of a norm
            for batches, seed in zip(micro_batches, seeds, strict=True):
                for group in self.groups(batches):
                    with torch.no_grad():
                        losses, _ = self._losses(self.model, group, optim_wrapper, seed)
                    result.add(losses, {}, {}, scale=1.0 / len(micro_batches))
            keeper.restore()
            return _means(result)

        self.balancer.after_step(again)

    def undo(self) -> None:
        """Let the balancer forget the step."""
        self.balancer.undo()


def copied(batches: Mapping[str, Any]) -> dict[str, Any]:
    """Batches whose samples can be changed without changing the given ones."""
    return {
        stream: {**batch, "data_samples": copy.deepcopy(batch["data_samples"])}
        for stream, batch in batches.items()
    }


@torch.no_grad()
def _means(result: StepResult) -> Tensor:
    """The losses (T,) float32, averaged over the processes."""
    means = torch.stack([loss.detach().float() for loss in result.losses.values()])
    average_in_buckets([means])
    return means
