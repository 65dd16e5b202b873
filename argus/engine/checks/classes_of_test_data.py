"""Compare the classes of the test data before a training, which itself does not read them."""

from collections.abc import Mapping
from typing import Any

from argus.datasets.checks.paths import missing_paths
from argus.engine.loading.loaders import guarded_dataset
from argus.engine.reports.console import prints_to_log
from argus.errors import ConfigError, DataError
from argus.models.foreign import library_of, library_scope
from argus.tasks import Task


def check_test_classes(runner: Any, tasks: Mapping[str, Task]) -> None:
    """Look at the test data of every task that has others than those of its validation.

    Data that are not there yet, or cannot be read, are told by a warning: they are needed later.

    Args:
        runner: The runner; its ``classes`` are compared with.
        tasks: The tasks.

    Raises:
        DataError: Test data have other classes than the task's decoder.
    """
    for task in tasks.values():
        if task.test is None or (task.val is not None and task.test.dataset == task.val.dataset):
            continue
        where = f"tasks.{task.name}.test.dataset"
        if missing_paths(task.test.dataset):
            runner.logger.warning(f"{where}: not there, so its classes were not compared")
            continue
        try:
            with library_scope(library_of(task.decoder["type"])), prints_to_log(runner.logger):
                dataset = guarded_dataset(
                    task.test.dataset, task=task.name, part="test", seed=runner.seed, strict=True
                )
        except (ConfigError, DataError) as error:
            runner.logger.warning(f"its classes were not compared: {error}")
            continue
        runner.classes.fit(task.name, dataset, where=where)
