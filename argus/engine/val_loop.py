"""Evaluation of all tasks on validation or test data, those on the same pictures together."""

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any

import torch
from mmengine.dist import get_world_size
from mmengine.runner import BaseLoop

from argus.datasets.checks.metric_files import check_metric_file
from argus.datasets.checks.paths import check_paths
from argus.engine.checks.measurable import check_measurable, choices_by
from argus.engine.checks.run_settings import check_save_best
from argus.engine.loading.loaders import build_eval_loader
from argus.engine.reports.console import prints_to_log
from argus.engine.reports.evaluation_progress import EvaluationProgress
from argus.engine.shared_evaluation import SharedMaps, tasks_together
from argus.errors import ConfigError
from argus.evaluation.evaluator import TaskEvaluator, mean_relative_gain
from argus.evaluation.table import results_table
from argus.models.foreign import library_scope
from argus.models.multitask import MultitaskModel
from argus.models.task_model import TaskModel
from argus.precision import autocast
from argus.registry import LOOPS
from argus.tasks import Task
from argus.tasks.ignored_label import ignored_label

MEAN_GAIN = "multitask/mean_gain"

Predict = Callable[[str, dict[str, Any]], list[Any]]


@LOOPS.register_module()
class MultitaskValLoop(BaseLoop):
    """Evaluate every task that has data, and print one table.

    One after the other, but for tasks on the same pictures, which share the backbone's passes.

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
        self._groups: list[tuple[str, ...]] | None = None
        self._checked: set[str] = set()
        self.unmeasured: set[str] = set()  # names that had nothing to be measured on

    def prepare(self) -> None:
        """Build the data sets and metrics of all tasks now instead of when they are used."""
        for task in self.tasks.values():
            self._prepare(task)

    def _prepare(self, task: Task) -> tuple[Any, TaskEvaluator]:
        """Loader and evaluator of a task, built on first use and kept."""
        if task.name not in self._prepared:
            data, part = getattr(task, self.part), task.part_in_config(self.part)
            for metric in task.metrics:
                check_paths(metric, where=f"tasks.{task.name}.metrics")
            model: TaskModel = self.runner.raw_model
            with library_scope(model.libraries[task.name]), prints_to_log(self.runner.logger):
                loader = build_eval_loader(data, task=task.name, part=part, seed=self.runner.seed)
                dataset: Any = loader.dataset
                where = f"tasks.{task.name}.{part}.dataset"
                cfg = self.runner.cfg if self.part == "val" and self.runner.training else {}
                check_measurable(
                    dataset,
                    data,
                    where=where,
                    choices=choices_by(cfg, task.name),
                    ignore=ignored_label(task.decoder),
                )
                self.runner.classes.fit(task.name, dataset, where=where)
                for metric in task.metrics:
                    check_metric_file(metric, data.dataset, dataset.dataset)
                evaluator = TaskEvaluator(task.name, task.metrics, dataset_meta=dataset.metainfo)
            self._prepared[task.name] = (loader, evaluator)
        return self._prepared[task.name]

    def _together(self) -> list[tuple[str, ...]]:
        """Tasks by what is evaluated together, found once; builds their data sets and metrics."""
        if self._groups is None:
            loaders = {name: self._prepare(task)[0] for name, task in self.tasks.items()}
            self._groups = tasks_together(self.runner.raw_model, loaders)
            shared = ["{} and {}".format(", ".join(g[:-1]), g[-1]) for g in self._groups if g[1:]]
            if shared:
                self.runner.logger.info(
                    f"{self.part}: one backbone pass per batch serves {'; another '.join(shared)}"
                )
        return self._groups

    def run(self, *, share_passes: bool = True) -> dict[str, float]:
        """Metrics of all tasks, ``<task>/<metric>``.

        Args:
            share_passes: Whether tasks on the same pictures share backbone passes; no number
                depends on it.
        """
        runner = self.runner
        runner.call_hook(f"before_{self.part}")
        runner.call_hook(f"before_{self.part}_epoch")
        runner.model.eval()
        found: dict[str, dict[str, float]] = {}
        for names in self._together() if share_passes else [(name,) for name in self.tasks]:
            measured = self._run_together([self.tasks[name] for name in names])
            if measured is None:
                runner.logger.info(f"{self.part} ends early: {runner.stop_request.signal}")
                runner.call_hook(f"after_{self.part}_epoch", metrics={})
                return {}
            found |= measured
        metrics = {name: value for task in self.tasks for name, value in found[task].items()}
        metrics |= self._mean_gain(metrics)
        runner.logger.info(f"{self.part} results\n{self.table(metrics)}")
        if self.part == "val":
            check_save_best(runner.cfg, [*metrics, *self.unmeasured])
        runner.call_hook(f"after_{self.part}_epoch", metrics=metrics)
        runner.call_hook(f"after_{self.part}")
        return metrics

    @torch.no_grad()
    def _run_together(self, tasks: Sequence[Task]) -> dict[str, dict[str, float]] | None:
        """Metrics by task; ``None`` if the training was asked to stop meanwhile.

        Args:
            tasks: One, or several on the same pictures in batches of one size.
        """
        loaders = [self._prepare(task)[0] for task in tasks]
        predict, next_turn = self._prediction(shared=len(tasks) > 1)
        num_pictures = len(loaders[0].dataset)
        per_turn = get_world_size() * loaders[0].batch_size
        num_alike = num_pictures // per_turn
        progress = EvaluationProgress(
            self.runner.logger, self.part, [task.name for task in tasks], num_pictures
        )
        asked_to_stop = self.runner.stop_request.now_and_then()
        for index, batches in enumerate(zip(*(each.iterate() for each in loaders), strict=True)):
            # The processes have batches alike, but for the last.
            if index < num_alike and asked_to_stop(index):
                return None
            for task, batch in zip(tasks, batches, strict=True):
                self._run_batch(task, index, batch, predict)
            next_turn()
            progress.update((index + 1) * per_turn)
        return {task.name: self._measured(task) for task in tasks}

    def _prediction(self, *, shared: bool) -> tuple[Predict, Callable[[], None]]:
        """What predicts a batch of a task, and what is called when all tasks had their turn."""
        model: TaskModel = self.runner.raw_model
        if not shared:
            return model.predict, lambda: None
        assert isinstance(model, MultitaskModel)
        maps = SharedMaps(model.features)
        return partial(model.predict, features=maps), maps.next_turn

    def _run_batch(self, task: Task, index: int, batch: dict[str, Any], predict: Predict) -> None:
        model: TaskModel = self.runner.raw_model
        device_type = next(model.parameters()).device.type
        self.runner.call_hook(f"before_{self.part}_iter", batch_idx=index, data_batch=batch)
        with autocast(self.runner.precision, device_type):
            predictions = predict(task.name, batch)
        with library_scope(model.libraries[task.name]):
            self._prepare(task)[1].process(predictions, batch)
        self.runner.call_hook(
            f"after_{self.part}_iter",
            batch_idx=index,
            data_batch=batch,
            outputs=[task.name, predictions],
        )

    def _measured(self, task: Task) -> dict[str, float]:
        """Metrics of a task whose batches have all been run."""
        loader, evaluator = self._prepare(task)
        library = self.runner.raw_model.libraries[task.name]
        with library_scope(library), prints_to_log(self.runner.logger):
            measured = evaluator.evaluate(len(loader.dataset))
        self.unmeasured = self.unmeasured - set(measured) | evaluator.unmeasured
        if task.name not in self._checked:
            for text in evaluator.absent:
                place = f"tasks.{task.name}.{task.part_in_config(self.part)}"
                self.runner.logger.warning(f"{place}: {text}")
        self._check_names(task, measured)
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
                "is saved by it. argus check counts what the data have."
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
