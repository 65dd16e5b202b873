"""Training by steps over all tasks, and evaluation of one task after the other."""

from collections.abc import Mapping, Sequence
from typing import Any

import torch
from mmengine.dist import get_rank, get_world_size
from mmengine.runner import BaseLoop
from torch import nn

from argus.datasets.paths import check_paths
from argus.datasets.seeding import stable_seed
from argus.engine.bad_steps import BadSteps, MicroBatch, image_paths
from argus.engine.config_checks import check_save_best
from argus.engine.console import prints_to_log
from argus.engine.distributed import average_buffers, training_buffers
from argus.engine.loaders import MultitaskLoader, build_eval_loader
from argus.engine.optim import autocast
from argus.engine.run_record import write_run_record
from argus.engine.schedules import GradientSchedule, StepValues
from argus.engine.spikes import SpikeWatch
from argus.engine.step_guard import BufferKeeper, read_step
from argus.engine.stop_request import OTHER_PROCESS, save_and_stop
from argus.engine.summary import training_summary
from argus.errors import ConfigError
from argus.evaluation.evaluator import TaskEvaluator, mean_relative_gain
from argus.evaluation.table import results_table
from argus.models.foreign import library_scope
from argus.models.multitask import MultitaskModel
from argus.registry import LOOPS
from argus.tasks import Task

MEAN_GAIN = "multitask/mean_gain"


@LOOPS.register_module()
class MultitaskTrainLoop(BaseLoop):
    """Optimizer steps, each over one batch of every task.

    Args:
        runner: The runner.
        dataloader: The checked tasks by name; the loop builds their loaders.
        max_iters: Optimizer steps of the whole training.
        val_interval: Steps between validations; 0 validates only after the last step.
        accumulate: Batches of every task per step, their gradients averaged.
        schedule: ``joint`` or ``sequential``; the same gradients.
        grad_norm_interval: Steps between measurements of each task's gradient norm on the shared
            trainable parameters (a backward pass per task); 0 for never.
        max_bad_steps_in_a_row: Steps that are not finite, and so not taken, in a row before the
            training stops.
        max_bad_steps: The same in all.
        spike_threshold: Robust z-score above which a task's loss is logged as a spike; 0 for none.
    """

    def __init__(
        self,
        runner: Any,
        dataloader: Mapping[str, Task],
        max_iters: int,
        *,
        val_interval: int = 0,
        accumulate: int = 1,
        schedule: str = "joint",
        grad_norm_interval: int = 0,
        max_bad_steps_in_a_row: int = 10,
        max_bad_steps: int = 100,
        spike_threshold: float = 10.0,
    ) -> None:
        for key, value, least in (
            ("max_iters", max_iters, 1),
            ("val_interval", val_interval, 0),
            ("accumulate", accumulate, 1),
            ("grad_norm_interval", grad_norm_interval, 0),
        ):
            if not isinstance(value, int) or value < least:
                raise ConfigError(
                    f"train_cfg.{key}: expected an integer >= {least}, found {value!r}."
                )
        with prints_to_log(runner.logger):
            loader = MultitaskLoader(dataloader, seed=runner.seed)
        super().__init__(runner, loader)
        self.tasks = dataloader
        self.max_iters = max_iters
        self.val_interval = val_interval
        self.accumulate = accumulate
        self.schedule = GradientSchedule(schedule)
        self.grad_norm_interval = grad_norm_interval
        self._buffers: list[torch.Tensor] = []
        self.iter = 0
        self.stop_training = False
        # Messages about bad samples of this process, until the log takes them.
        self.replaced: list[str] = []
        self.bad_steps = BadSteps(max_in_a_row=max_bad_steps_in_a_row, max_in_all=max_bad_steps)
        self.spikes = SpikeWatch(spike_threshold)

    # What mmengine's runner and hooks ask of a loop that has no epochs.
    epoch = 0
    max_epochs = 1

    @property
    def images_per_step(self) -> int:
        """Images of all tasks and processes in one optimizer step."""
        return self.dataloader.images_per_step * self.accumulate

    def run(self) -> nn.Module:
        """Train from the current step to the last."""
        runner = self.runner
        runner.call_hook("before_train")
        runner.call_hook("before_train_epoch")
        if runner.val_loop is not None:
            runner.val_loop.prepare()  # what is wrong there would end the run after its last step
        write_run_record(runner)
        self.dataloader.set_start(self.iter * self.accumulate)
        self.dataloader.while_waiting = self._stop_waiting
        model: MultitaskModel = getattr(runner.model, "module", runner.model)
        num_batches = self.max_iters * self.accumulate
        summary = training_summary(model, self.dataloader, num_batches=num_batches)
        runner.logger.info(f"training {self.max_iters} steps; output in {runner.work_dir}")
        runner.logger.info(summary)
        if self.iter >= self.max_iters:
            runner.logger.info(
                f"nothing left to train: the checkpoint is of step {self.iter} of "
                f"{self.max_iters}. Raise train_cfg.max_iters to train longer."
            )
            if runner.val_loop is not None:
                runner.val_loop.run()
        batches = iter(self.dataloader)
        runner.model.train()
        self._buffers = training_buffers(model)
        self._keeper = BufferKeeper(model)
        with runner.stop_request.listening():
            while self.iter < self.max_iters and not self.stop_training:
                asked = self._step([next(batches) for _ in range(self.accumulate)])
                done = self.iter == self.max_iters
                if self._validates():
                    # A validation that ends early has no metrics, and is still to be done.
                    done &= not asked and bool(runner.val_loop.run())
                    runner.model.train()
                    asked = asked or runner.stop_request.agreed()
                if asked and not done:
                    save_and_stop(runner, self.iter)
        runner.call_hook("after_train_epoch")
        runner.call_hook("after_train")
        return runner.model

    def _stop_waiting(self) -> None:
        """Called while a batch does not come: stop now if asked to.

        Among several processes the others may be in the step already, and wait for this one.
        """
        if self.runner.stop_request.signal and get_world_size() == 1:
            save_and_stop(self.runner, self.iter)

    def _validates(self) -> bool:
        if self.runner.val_loop is None:
            return False
        due = self.val_interval and self.iter % self.val_interval == 0
        return bool(due) or self.iter == self.max_iters

    def _step(self, micro_batches: list[dict[str, Any]]) -> bool:
        """Take a step, if it is finite; whether a process was asked to stop."""
        runner = self.runner
        runner.call_hook("before_train_iter", batch_idx=self.iter, data_batch=micro_batches)
        for batches in micro_batches:
            for stream, batch in batches.items():
                self.replaced += batch["replaced"]
                num_samples = len(batch["inputs"])
                self.dataloader.budgets[stream].update(batch["replaced"], num_samples)
        seeds = [self._seeds(micro) for micro in range(self.accumulate)]
        self._keeper.keep()
        result = self.schedule.backward(
            runner.model, micro_batches, runner.optim_wrapper, seeds=seeds, probe=self._probe()
        )
        asked = bool(runner.stop_request.signal)
        values = read_step(result, runner.optim_wrapper.clip(), is_asked_to_stop=asked)
        result.values = values
        if values.is_asked_to_stop and not asked:
            runner.stop_request.signal = OTHER_PROCESS
        if values.is_finite:
            # Every process has seen other samples; validation and checkpoints take one model.
            average_buffers(self._buffers)
            runner.optim_wrapper.step()
            self.bad_steps.note_good()
            self._look_for_spikes(values, micro_batches)
        else:
            self._keeper.restore()
            self.bad_steps.note_bad(runner, result, self._described(micro_batches, seeds))
        runner.optim_wrapper.zero_grad()
        # What follows the weights (averages, schedules) hears of steps that were taken alone.
        hook = "after_train_iter" if values.is_finite else "after_bad_step"
        runner.call_hook(hook, batch_idx=self.iter, data_batch=micro_batches, outputs=result)
        self.iter += 1
        return values.is_asked_to_stop

    def _described(
        self, micro_batches: Sequence[Mapping[str, Any]], seeds: Sequence[Mapping[str, int]]
    ) -> list[MicroBatch]:
        first = self.iter * self.accumulate
        return [
            MicroBatch(batches, self.dataloader.keys(first + micro), seed)
            for micro, (batches, seed) in enumerate(zip(micro_batches, seeds, strict=True))
        ]

    def _look_for_spikes(
        self, values: StepValues, micro_batches: Sequence[Mapping[str, Any]]
    ) -> None:
        images = {
            task: [p for batches in micro_batches for p in image_paths(batches[stream])]
            for task in values.losses
            for stream in [self.tasks[task].stream]
        }
        self.spikes.look(self.iter + 1, values.losses, images)

    def _seeds(self, micro: int) -> dict[str, int]:
        place = (self.runner.seed, self.iter * self.accumulate + micro, get_rank())
        names = {*self.tasks, *self.dataloader.sources}  # tasks, and the streams they share
        return {name: stable_seed("step", *place, name) for name in names}

    def _probe(self) -> list[nn.Parameter]:
        if not self.grad_norm_interval or self.iter % self.grad_norm_interval:
            return []
        model = getattr(self.runner.model, "module", self.runner.model)
        return [p for p in model.backbone.parameters() if p.requires_grad]


@LOOPS.register_module()
class MultitaskValLoop(BaseLoop):
    """Evaluate every task that has data, one after the other, and print one table.

    Args:
        runner: The runner.
        dataloader: The checked tasks by name.
        evaluator: Ignored; every task brings its metrics.
        baseline: Reference values ``{"<task>/<metric>": value}``; with it the metric
            ``multitask/mean_gain`` is measured too.
    """

    part = "val"

    def __init__(
        self,
        runner: Any,
        dataloader: Mapping[str, Task],
        evaluator: Any = None,
        *,
        baseline: Mapping[str, float] | None = None,
    ) -> None:
        super().__init__(runner, None)
        self.tasks = {n: t for n, t in dataloader.items() if getattr(t, self.part) is not None}
        if not self.tasks:
            raise ConfigError(f"no task has {self.part} data: add {self.part}=dict(dataset=...).")
        self.baseline = baseline
        self._prepared: dict[str, tuple[Any, TaskEvaluator]] = {}
        self._checked: set[str] = set()
        self.unmeasured: set[str] = set()  # names that had nothing to be measured on

    def prepare(self) -> None:
        """Build the data sets and metrics of all tasks now instead of when they are used."""
        for task in self.tasks.values():
            self._prepare(task)

    def _prepare(self, task: Task) -> tuple[Any, TaskEvaluator]:
        """Loader and evaluator of a task, built on first use and kept."""
        if task.name not in self._prepared:
            data = getattr(task, self.part)
            for metric in task.metrics:
                check_paths(metric, where=f"tasks.{task.name}.metrics")
            model: MultitaskModel = getattr(self.runner.model, "module", self.runner.model)
            with library_scope(model.libraries[task.name]), prints_to_log(self.runner.logger):
                loader = build_eval_loader(
                    data, task=task.name, part=self.part, seed=self.runner.seed
                )
                dataset: Any = loader.dataset
                evaluator = TaskEvaluator(task.name, task.metrics, dataset_meta=dataset.metainfo)
            self._prepared[task.name] = (loader, evaluator)
        return self._prepared[task.name]

    def run(self) -> dict[str, float]:
        """Metrics of all tasks, ``<task>/<metric>``."""
        runner = self.runner
        runner.call_hook(f"before_{self.part}")
        runner.call_hook(f"before_{self.part}_epoch")
        runner.model.eval()
        metrics: dict[str, float] = {}
        for task in self.tasks.values():
            measured = self._run_task(task)
            if measured is None:
                runner.logger.info(f"{self.part} ends early: {runner.stop_request.signal}")
                runner.call_hook(f"after_{self.part}_epoch", metrics={})
                return {}
            metrics |= measured
            self._check_names(task, metrics)
        metrics |= self._mean_gain(metrics)
        runner.logger.info(f"{self.part} results\n{self.table(metrics)}")
        if self.part == "val":
            check_save_best(runner.cfg, [*metrics, *self.unmeasured])
        runner.call_hook(f"after_{self.part}_epoch", metrics=metrics)
        runner.call_hook(f"after_{self.part}")
        return metrics

    @torch.no_grad()
    def _run_task(self, task: Task) -> dict[str, float] | None:
        """Metrics of a task; ``None`` if the training was asked to stop meanwhile."""
        loader, evaluator = self._prepare(task)
        model: MultitaskModel = getattr(self.runner.model, "module", self.runner.model)
        device_type = next(model.parameters()).device.type
        num_alike = len(loader.dataset) // (get_world_size() * loader.batch_size)
        for index, batch in enumerate(loader.iterate()):
            # The processes have batches alike, but for the last.
            if index < num_alike and self.runner.stop_request.agreed():
                return None
            self.runner.call_hook(f"before_{self.part}_iter", batch_idx=index, data_batch=batch)
            with autocast(self.runner.precision, device_type):
                predictions = model.predict(task.name, batch)
            with library_scope(model.libraries[task.name]):
                evaluator.process(predictions, batch)
            self.runner.call_hook(
                f"after_{self.part}_iter",
                batch_idx=index,
                data_batch=batch,
                outputs=[task.name, predictions],
            )
        with library_scope(model.libraries[task.name]), prints_to_log(self.runner.logger):
            measured = evaluator.evaluate(len(loader.dataset))
        self.unmeasured = self.unmeasured - set(measured) | evaluator.unmeasured
        return measured

    def _mean_gain(self, metrics: Mapping[str, float]) -> dict[str, float]:
        """The mean relative gain by its name, if there is a baseline and all of it was measured."""
        if not self.baseline:
            return {}
        lacking = sorted(self.unmeasured & set(self.baseline))
        if lacking:
            self.unmeasured.add(MEAN_GAIN)
            self.runner.logger.warning(
                f"{MEAN_GAIN} could not be measured: val_cfg.baseline names {', '.join(lacking)}, "
                "which could not."
            )
            return {}
        self.unmeasured.discard(MEAN_GAIN)
        lower = [f"{t.name}/{m}" for t in self.tasks.values() for m in t.lower_is_better]
        return {MEAN_GAIN: mean_relative_gain(metrics, self.baseline, lower_is_better=lower)}

    def _check_names(self, task: Task, metrics: Mapping[str, float]) -> None:
        """Warn once of names in a task's config that no metric has, or that have no value."""
        if task.name in self._checked:
            return
        self._checked.add(task.name)
        measured = [name.split("/", 1)[1] for name in metrics if name.startswith(f"{task.name}/")]
        without = sorted(self.unmeasured & {f"{task.name}/{task.primary}", *task.reported})
        if without:
            self.runner.logger.warning(
                f"{', '.join(without)} could not be measured: the {self.part} data have nothing to "
                "compare with, or predictions are no numbers. Tables show '-'; no best checkpoint "
                "is saved by it. tools/data/check.py counts what the data have."
            )
        for key in ("primary", "report", "paper", "lower_is_better", "units"):
            value = getattr(task, key)
            names = [value] if isinstance(value, str) and value else list(value)
            known = {*measured, *(n.split("/", 1)[1] for n in self.unmeasured)}
            absent = [name for name in names if name not in known]
            if absent:
                self.runner.logger.warning(
                    f"tasks[{task.name!r}].{key} names {', '.join(absent)}, which was not "
                    f"measured. Measured: {', '.join(sorted(measured))}."
                )

    def datasets(self) -> dict[str, Any]:
        """The evaluated data set of every task."""
        return {name: self._prepare(task)[0].dataset for name, task in self.tasks.items()}

    def metainfo(self, task: str) -> dict[str, Any]:
        """Classes, palette and the like of a task's evaluated data set."""
        return self._prepare(self.tasks[task])[0].dataset.metainfo

    def table(self, metrics: Mapping[str, float], *, markdown: bool = False) -> str:
        """The metrics of all tasks beside the published values."""
        units = {f"{t.name}/{m}" for t in self.tasks.values() for m in t.units}
        paper = {f"{t.name}/{m}": v for t in self.tasks.values() for m, v in t.paper.items()}
        columns = {"measured": metrics} | ({"paper": paper} if paper else {})
        headings: dict[str, list[str]] = {}
        for task in self.tasks.values():
            headings.setdefault(task.table, []).extend(task.reported)
        if MEAN_GAIN in {*metrics, *self.unmeasured}:
            headings.setdefault("", []).append(MEAN_GAIN)
        parts = []
        for heading, names in headings.items():
            table = results_table(
                columns,
                names=names,
                percent=[name for name in names if name not in units],
                markdown=markdown,
            )
            title = f"### {heading}\n\n" if markdown else f"{heading}\n\n"
            parts.append(title + table if heading else table)
        return "\n\n".join(parts)


@LOOPS.register_module()
class MultitaskTestLoop(MultitaskValLoop):
    """Evaluation on the test data of every task."""

    part = "test"
