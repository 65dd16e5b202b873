"""Whole training steps of stage 1, by the engine's schedules: each task alone, then all of them."""

from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from typing import Any

import torch
from torch import Tensor

from argus.engine.gradient_schedule import SCHEDULES, GradientSchedule, StepResult
from argus.engine.optim import MultitaskOptimConstructor, MultitaskOptimWrapper
from argus.models.multitask import MultitaskModel
from tools.benchmarks.configs import SEED, build_model, stage1_config
from tools.benchmarks.report import Case, Result, Settings, relative_error
from tools.benchmarks.synthetic import batches

# The schedules add the tasks' gradients up in another order, in bfloat16 where autocast has cast
# a shared weight: largest difference over the largest value.
GRADIENT_LIMIT = 5e-2
LOSS_LIMIT = 1e-2


class Trainer:
    """A model, its optimizer and a batch per task.

    Args:
        settings: How to run.
    """

    def __init__(self, settings: Settings) -> None:
        config = stage1_config(settings.quick)
        self.model: MultitaskModel = build_model(config, settings.device)
        self.batches = batches(config, self.model, quick=settings.quick)
        self.optimizer: Any = MultitaskOptimConstructor(
            dict(type=MultitaskOptimWrapper, precision=config.precision, **config.optim_wrapper)
        )(self.model)

    def backward(self, schedule: str, tasks: Sequence[str]) -> StepResult:
        """Gradients of one step, and its losses."""
        return GradientSchedule(schedule).backward(
            self.model,
            [{task: self.batches[task] for task in tasks}],
            self.optimizer,
            seeds=[dict.fromkeys(tasks, SEED)],
        )

    def step(self, schedule: str, tasks: Sequence[str]) -> dict[str, Tensor]:
        """One step with the update of the weights."""
        losses = self.backward(schedule, tasks).losses
        self.optimizer.step()
        self.optimizer.zero_grad()
        return losses


def cases(settings: Settings) -> Iterator[Case]:
    """The check of the schedules, each task alone, all tasks by each schedule."""
    trainer = Trainer(settings)
    tasks = list(trainer.batches)
    yield Case("schedules agree", partial(_agreement, trainer, tasks))
    trainer.step("sequential", tasks)  # so that the optimizer's state is there in every row
    for task in tasks:
        yield Case(f"{task} alone", partial(_run, settings, trainer, "joint", [task]))
    for schedule in SCHEDULES:
        yield Case(f"all tasks, {schedule}", partial(_run, settings, trainer, schedule, tasks))


def _run(settings: Settings, trainer: Trainer, schedule: str, tasks: Sequence[str]) -> Result:
    result = Result()
    timing = settings.measure(partial(trainer.step, schedule, tasks))
    for task, loss in trainer.step(schedule, tasks).items():
        if not torch.isfinite(loss):
            result.errors.append(f"the loss of {task} is {float(loss)} after the steps")
    images = sum(len(trainer.batches[task]["inputs"]) for task in tasks)
    result.values = {
        "images": images,
        "s_per_step": timing.milliseconds / 1e3,
        "images_per_s": 1e3 * images / timing.milliseconds,
        **timing.peak_gb,
    }
    return result


def _agreement(trainer: Trainer, tasks: Sequence[str]) -> Result:
    """Losses, and gradients of the shared adapter, by all schedules against the first."""
    losses: list[Mapping[str, Tensor]] = []
    gradients = []
    for schedule in SCHEDULES:
        trainer.optimizer.zero_grad()
        losses.append(trainer.backward(schedule, tasks).losses)
        found = [parameter.grad for parameter in trainer.model.backbone.parameters()]
        gradients.append(torch.cat([g.flatten() for g in found if g is not None]))
    trainer.optimizer.zero_grad()
    result = Result()
    first, *others = [torch.stack([loss[task] for task in tasks]) for loss in losses]
    error = max(float(((first - other) / first).abs().max()) for other in others)
    result.check("loss_error", error, LOSS_LIMIT)
    worst = max(relative_error(other, gradients[0]) for other in gradients[1:])
    result.check("gradient_error", worst, GRADIENT_LIMIT)
    return result
