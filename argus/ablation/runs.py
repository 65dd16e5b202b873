"""One training of the list with one seed: its folder, what it has done already, what is to do.

A run's folder is the work dir of its training. ``results.json`` there is what ``tools/test.py``
writes; ``settings.json`` is the config that it was made by, so that a number of other settings
never stands in the table.
"""

import json
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from argus.ablation.rows import Row
from argus.analysis.compare_runs import differences
from argus.engine.config_files.options import parse_options
from argus.engine.config_files.reading import read_config_file
from argus.engine.reports.plain_config import plain_config
from argus.errors import ConfigError, DataError
from argus.files.durable import write_json
from argus.names.wording import counted
from argus.tasks import parse_tasks

RESULTS = "results.json"
SETTINGS = "settings.json"
CONSOLE = "console.log"
# Of a task: what is told of its numbers, and changes none of them.
_WORDS = ("paper", "table", "licence", "report", "primary", "units", "lower_is_better")


@dataclass(frozen=True, kw_only=True)
class Metric:
    """A column of the table.

    Args:
        name: ``<task>/<metric>``.
        unit: Empty for a fraction, which is shown in percent.
        less_is_better: Whether it is.
    """

    name: str
    unit: str = ""
    less_is_better: bool = False


@dataclass(frozen=True, kw_only=True)
class Run:
    """One training and its test.

    Args:
        row: Of the list.
        seed: Of the training.
        folder: Its work dir.
        options: ``KEY=VALUE`` of the row, its seed, and the backbone if another row trains it.
        settings: The whole config in types that JSON knows; below ``needs`` that of the run that
            it needs.
        metrics: Of the config's tasks.
        checkpoint: What is tested: the end of its training, or of that of another run.
    """

    row: Row
    seed: int
    folder: Path
    options: tuple[str, ...]
    settings: Mapping[str, Any]
    metrics: tuple[Metric, ...]
    checkpoint: Path

    @property
    def name(self) -> str:
        """For messages."""
        return f"{self.row.name}, seed {self.seed}"

    @property
    def trains(self) -> bool:
        """Whether it has a training of its own."""
        return not self.row.checkpoint_of

    def results(self) -> dict[str, float] | None:
        """Values by ``<task>/<metric>``; ``None`` if it has not been tested.

        Raises:
            DataError: The file is none of numbers, or was made by other settings.
        """
        path = self.folder / RESULTS
        if not path.is_file():
            return None
        self.check_settings()
        values = _read_json(path)
        # Of what could not be measured there is no number, or one that JSON does not know.
        if not all(isinstance(value, (int, float)) for value in values.values()):
            raise DataError(
                f"{path}: expected numbers by <task>/<metric>, as tools/test.py writes."
            )
        return {name: float(value) for name, value in values.items() if math.isfinite(value)}

    def check_settings(self) -> None:
        """Compare the settings of what the folder holds with those of the list.

        Raises:
            DataError: They differ.
        """
        path = self.folder / SETTINGS
        if not path.is_file():
            return
        was, now = _without_words(_read_json(path)), _without_words(self.settings)
        found = next(differences(was, json.loads(json.dumps(now)), name="config"), None)
        if found is not None:
            name, old, new = found
            raise DataError(
                f"{self.folder} was made by other settings, {name}: {old!r:.60} then, {new!r:.60} "
                f"now. Move the folder aside or undo the change; or delete its {SETTINGS}, if that "
                "changes no number."
            )

    def write_settings(self) -> None:
        """Note by what the folder is made, before it is."""
        self.check_settings()
        write_json(self.folder / SETTINGS, self.settings)

    def train_command(self) -> list[str]:
        """Words after ``argus``: go on where an interrupted training stopped."""
        return ["train", *self._words("--resume")]

    def test_command(self) -> list[str]:
        """Words after ``argus``."""
        words = self._words("--out", str(self.folder / RESULTS))
        return ["test", words[0], str(self.checkpoint), *words[1:]]

    def _words(self, *others: str) -> list[str]:
        shared = [self.row.config, "--work-dir", str(self.folder), *others]
        return [*shared, "--cfg-options", *self.options]


def make_run(row: Row, seed: int, work_dir: Path, others: Mapping[tuple[str, int], Run]) -> Run:
    """The run of a row and a seed.

    Args:
        row: Of the list.
        seed: Of the training.
        work_dir: Of the whole list.
        others: Runs of the rows before it, by name and seed.

    Raises:
        ConfigError: Its config cannot be read, or lacks what the row wants of it.
    """
    other = others.get((row.needs, seed))
    if row.needs and other is None:
        raise ConfigError(f"it needs row {row.needs!r}, which has failed.")
    if not Path(row.config).is_file():
        raise ConfigError(f"config file {row.config} does not exist (from {Path.cwd()}).")
    options = [*row.options, f"randomness.seed={seed}"]
    if other is not None and row.backbone_of:
        options.append(f"backbone.checkpoint={other.checkpoint}")
        own = read_config_file(row.config, parse_options(row.options)).get("backbone")
        if "checkpoint" not in (own or ()):
            raise ConfigError(
                f"{row.config}: its backbone has no checkpoint that one of {row.backbone_of!r} "
                "could replace; expected one like configs/_base_/backbones/argus_base_frozen.py."
            )
    config = read_config_file(row.config, parse_options(options))
    settings = plain_config(config) | (dict(needs=other.settings) if other is not None else {})
    folder = work_dir / row.folder / f"seed_{seed}"
    if other is not None and row.checkpoint_of:
        checkpoint = other.checkpoint
    else:
        steps = (config.get("train_cfg") or {}).get("max_iters")
        if not isinstance(steps, int):
            raise ConfigError(f"{row.config}: train_cfg.max_iters: expected a number of steps.")
        checkpoint = folder / f"iter_{steps}.pth"
    return Run(
        row=row,
        seed=seed,
        folder=folder,
        options=tuple(options),
        settings=settings,
        metrics=tuple(_metrics(config)),
        checkpoint=checkpoint,
    )


def _metrics(config: Any) -> Iterator[Metric]:
    """The primary metric of each task that is tested, then the others of its tables."""
    for task in parse_tasks(config.get("tasks"), on_backbone=not config.get("task_model")).values():
        if task.test is None:
            continue
        primary = [f"{task.name}/{task.primary}"] if task.primary else []
        for name in dict.fromkeys([*primary, *task.reported]):
            metric = name.split("/", 1)[1]
            yield Metric(
                name=name,
                unit=task.units.get(metric, ""),
                less_is_better=metric in task.lower_is_better,
            )


def choose_metrics(runs: Sequence[Run], names: Sequence[str]) -> list[Metric]:
    """Columns of the table: of all runs, or those with the given names.

    Raises:
        ConfigError: No task has one of them.
    """
    found = {metric.name: metric for run in runs for metric in run.metrics}
    tasks = {name.split("/", 1)[0] for name in found}
    for name in names:
        if name.split("/", 1)[0] not in tasks or "/" not in name:
            raise ConfigError(
                f"metrics: expected TASK/METRIC of {counted(len(tasks), 'task')}, "
                f"{', '.join(sorted(tasks)) or 'none'}, found {name!r}."
            )
    return [found.get(name, Metric(name=name)) for name in names] or list(found.values())


def _without_words(settings: Mapping[str, Any]) -> dict[str, Any]:
    """Settings that make the numbers; not the folder, and what is said of the numbers."""
    kept = {key: value for key, value in settings.items() if key != "work_dir"}
    if "needs" in kept:
        kept["needs"] = _without_words(kept["needs"])
    if isinstance(kept.get("tasks"), Mapping):
        kept["tasks"] = {
            name: {key: value for key, value in task.items() if key not in _WORDS}
            for name, task in kept["tasks"].items()
        }
    return kept


def _read_json(path: Path) -> dict[str, Any]:
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError) as error:
        raise DataError(
            f"{path} cannot be read: {error}. Delete it to have it made anew."
        ) from error
    if not isinstance(content, dict):
        raise DataError(f"{path}: expected an object. Delete it to have it made anew.")
    return content
