"""What ``argus check`` asks of a task's data beyond the files: all that a run needs.

Handed to :func:`argus.datasets.checks.walk.check_tasks`, which knows no engine.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from types import MappingProxyType
from typing import Any

from argus.datasets.resilient import ResilientDataset
from argus.engine.checks.first_sample import check_packed
from argus.engine.checks.measurable import choices_by
from argus.engine.checks.metrics import metric_errors
from argus.engine.loading.dataset_scope import dataset_scope
from argus.errors import ConfigError, DataError
from argus.models.foreign import library_of, library_scope
from argus.tasks import EvalData


class RunChecks:
    """The checks of a training, for one data set after the other.

    Args:
        cfg: Config of the training, if there is one.
    """

    def __init__(self, cfg: Mapping[str, Any] = MappingProxyType({})) -> None:
        self.cfg = cfg

    @contextmanager
    def scope(
        self, task: Mapping[str, Any], config: Mapping[str, Any]
    ) -> Iterator[Mapping[str, Any]]:
        """Look names up where the training does.

        Args:
            task: Config of the task.
            config: Of its data set.

        Yields:
            The config with the class of the data set.
        """
        with library_scope(_library(task)), dataset_scope(config) as found:
            yield found

    def metric_errors(
        self, name: str, task: Mapping[str, Any], config: Mapping[str, Any], dataset: Any
    ) -> list[str]:
        """See :func:`argus.engine.checks.metrics.metric_errors`."""
        return metric_errors(name, task, config, dataset)

    def choices_by(self, task: str) -> list[str]:
        """See :func:`argus.engine.checks.measurable.choices_by`."""
        return choices_by(self.cfg, task)

    def sample_errors(self, where: str, data: Mapping[str, Any], dataset: Any) -> list[str]:
        """What keeps the first sample from being loaded, in a process under a time limit.

        Args:
            where: The place of the data in the config, ``tasks.<task>.<part>``.
            data: Their config.
            dataset: Built from it, with its pipeline.
        """
        task, part = where.split(".")[-2:]
        options = {key: data[key] for key in ("num_workers", "timeout") if key in data}
        parsed = EvalData(dataset=data["dataset"], **options)
        # What is wrong with a file the check of all files tells.
        guarded = ResilientDataset(dataset, task=task, seed=0)
        try:
            check_packed(
                guarded,
                parsed,
                where=f"{where}.dataset",
                tell=lambda text: None,
                tasks=self._sharing(task) if part == "train" else (),
            )
        except (ConfigError, DataError) as error:
            return [str(error)]
        return []

    def _sharing(self, task: str) -> list[str]:
        """The tasks of the stream of a task."""
        tasks = self.cfg.get("tasks")
        streams = {
            name: other.get("stream", name)
            for name, other in (tasks.items() if isinstance(tasks, Mapping) else ())
            if isinstance(other, Mapping)
        }
        return [name for name, stream in streams.items() if stream == streams.get(task)]


def _library(task: Mapping[str, Any]) -> str | None:
    """Of the decoder of a task; ``None`` where its config does not say."""
    kind = (task.get("decoder") or {}).get("type")
    try:
        return library_of(kind) if kind else None
    except Exception:  # noqa: BLE001 - a name that leads nowhere, which the check of decoders tells
        return None
