"""Walk the data that a training config needs, and say what is missing, broken or odd.

The logic of ``argus check``. The data sets and their pipelines are built as in training;
their files are read by the same transforms that training uses, so what passes here loads there.
"""

import contextlib
import copy
import os.path
from collections.abc import Iterator, Mapping
from typing import Any, Protocol

from argus.datasets.build import build_dataset
from argus.datasets.census.entries import entry_census
from argus.datasets.census.judgement import NOTHING_TO_MEASURE, choice_without_value, judge
from argus.datasets.checks.annotations import check_annotation_files
from argus.datasets.checks.classes import ClassComparison
from argus.datasets.checks.findings import Findings
from argus.datasets.checks.loaded_files import LoadedFiles, Progress
from argus.datasets.checks.paths import missing_paths
from argus.datasets.checks.pipelines import pipeline_problems
from argus.datasets.checks.shared_pictures import SharedPictures
from argus.datasets.checks.whole_samples import check_samples, says_faults
from argus.datasets.samplers import TaskSampler
from argus.errors import ConfigError, DataError
from argus.tasks.ignored_label import ignored_label


class TaskChecks(Protocol):
    """What is asked of the data of a task that only the run knows."""

    def scope(
        self, task: Mapping[str, Any], config: Mapping[str, Any]
    ) -> contextlib.AbstractContextManager[Mapping[str, Any]]:
        """Where the names in a data set's config are found; gives the config to build."""

    def metric_errors(
        self, name: str, task: Mapping[str, Any], config: Mapping[str, Any], dataset: Any
    ) -> list[str]:
        """What keeps the metrics of a task from measuring on a data set."""

    def choices_by(self, task: str) -> list[str]:
        """The metrics of a task by which the training chooses."""

    def sample_errors(self, where: str, data: Mapping[str, Any], dataset: Any) -> list[str]:
        """What keeps the first sample of a data set from reaching the decoder."""


class FilesAlone:
    """No checks but those of the files and labels."""

    def scope(
        self, task: Mapping[str, Any], config: Mapping[str, Any]
    ) -> contextlib.AbstractContextManager[Mapping[str, Any]]:
        """The scope the caller is in."""
        return contextlib.nullcontext(config)

    def metric_errors(
        self, name: str, task: Mapping[str, Any], config: Mapping[str, Any], dataset: Any
    ) -> list[str]:
        """Nothing."""
        return []

    def choices_by(self, task: str) -> list[str]:
        """None."""
        return []

    def sample_errors(self, where: str, data: Mapping[str, Any], dataset: Any) -> list[str]:
        """Nothing."""
        return []


def check_tasks(
    tasks: Mapping[str, Mapping[str, Any]],
    *,
    num_steps: int | None = None,
    num_processes: int = 1,
    sample: int | None = None,
    num_threads: int = 2,
    run: TaskChecks | None = None,
    progress: Progress = lambda items, total, title: items,
) -> list[Findings]:
    """Check every data set of every task.

    Args:
        tasks: Task configs by name.
        num_steps: Length of the schedule, for the number of samples seen.
        num_processes: Processes of the training run.
        sample: Files decoded in each data set, chosen at random; ``None`` for all.
        num_threads: Threads that decode files.
        run: What else is asked; nothing by default.
        progress: Wraps the iteration over the files of one data set: (items, total, title).

    Returns:
        One result per task and part (train, val, test), in order.
    """
    results = []
    pictures = SharedPictures(most=sample)
    streams: dict[str, dict[str, Any]] = {}
    for name, task in tasks.items():
        streams.setdefault(_stream(name, task), {})[name] = task.get("decoder") or {}
    for name, task in tasks.items():
        learners = streams[_stream(name, task)]
        shares = len(learners) > 1
        classes = ClassComparison(name, task, shares_stream=shares)
        for part in ("train", "val", "test"):
            if not _is_data(task.get(part)):
                continue
            findings = Findings(where=f"{name}.{part}")
            results.append(findings)
            with _kept_apart(findings):
                _check_part(
                    task,
                    part,
                    findings,
                    classes=classes,
                    pictures=pictures,
                    learners=learners if part == "train" else {},
                    num_steps=num_steps,
                    num_processes=num_processes,
                    sample=sample,
                    num_threads=num_threads,
                    run=run or FilesAlone(),
                    progress=progress,
                )
    pictures.tell()
    return results


def _stream(name: str, task: Mapping[str, Any]) -> str:
    return str(task.get("stream") or name)


def _is_data(config: Any) -> bool:
    """Whether the config of a part can be looked at; what is wrong there others say."""
    dataset = config.get("dataset") if isinstance(config, Mapping) else None
    return isinstance(dataset, Mapping) and "type" in dataset


@contextlib.contextmanager
def _kept_apart(findings: Findings) -> Iterator[None]:
    """What ends the check of one data set is one of its findings: the others are checked too."""
    try:
        yield
    except (ConfigError, DataError) as error:
        findings.errors.append(str(error))
    except Exception as error:  # noqa: BLE001 - a data set of the user's may raise anything
        text = " ".join(str(error).split())[:300]
        findings.errors.append(
            f"the data set cannot be read to its end ({type(error).__name__}: {text}); training "
            "would fail alike"
        )


def _check_part(
    task: Mapping[str, Any],
    part: str,
    findings: Findings,
    *,
    classes: ClassComparison,
    pictures: SharedPictures,
    learners: Mapping[str, Mapping[str, Any]],
    num_steps: int | None,
    num_processes: int,
    sample: int | None,
    num_threads: int,
    run: TaskChecks,
    progress: Progress,
) -> None:
    data = task[part]
    if part != "train":
        _check_metrics(task, findings)
    missing = missing_paths(data["dataset"])
    if missing:
        findings.errors += [f"{os.path.abspath(path)}: no such file or folder" for path in missing]
        return
    with run.scope(task, data["dataset"]) as config:
        wrong_steps = list(pipeline_problems(config, where="dataset"))
        findings.errors += wrong_steps
        num_before = len(findings.errors)
        with _kept_apart(findings):
            check_annotation_files(config, findings)
        if len(findings.errors) > num_before:  # all are named; the data set would stop at the first
            return
        dataset = _build(config, findings, with_pipeline=not wrong_steps, learners=learners)
        if dataset is None:
            return
        with _kept_apart(findings):
            classes.look(part, dataset, findings)
        learns = part == "train"
        has_entries = hasattr(dataset, "get_data_info")
        if has_entries:
            with _kept_apart(findings):
                _count_entries(config, dataset, findings, learns=learns)
            with _kept_apart(findings):
                pictures.look(dataset, findings, learns=learns)
        name = findings.where.rpartition(".")[0]
        if not learns and len(findings.errors) == len(wrong_steps):
            findings.errors += run.metric_errors(name, task, config, dataset)
        if learns:
            _count_schedule(data, len(dataset), num_steps, num_processes, findings)
        if says_faults(dataset):
            if not wrong_steps:
                findings.errors += run.sample_errors(f"tasks.{name}.{part}", data, dataset)
            check_samples(
                dataset, findings, sample=sample, num_threads=num_threads, progress=progress
            )
            return
        if not wrong_steps:
            findings.errors += run.sample_errors(f"tasks.{name}.{part}", data, dataset)
            files = LoadedFiles(
                config, dataset, ignore=ignored_label(task.get("decoder")), with_maps=has_entries
            )
        else:  # which may be the loaders
            files = LoadedFiles({}, dataset, with_maps=False)
    if not has_entries:  # which has been said
        return
    files.check(findings, learns=learns, sample=sample, num_threads=num_threads, progress=progress)
    choices = run.choices_by(name) if part == "val" else []
    for text in [w for w in findings.warnings if choices and w.startswith(NOTHING_TO_MEASURE)]:
        findings.warnings.remove(text)
        findings.errors.append(choice_without_value(text, choices))


def _check_metrics(task: Mapping[str, Any], findings: Findings) -> None:
    metrics = task.get("metrics") or ()
    for metric in [metrics] if isinstance(metrics, Mapping) else metrics:
        findings.errors += [
            f"{os.path.abspath(path)}: no such file (metric)" for path in missing_paths(metric)
        ]


def _build(
    config: Mapping[str, Any],
    findings: Findings,
    *,
    with_pipeline: bool,
    learners: Mapping[str, Mapping[str, Any]],
) -> Any:
    """The data set, or ``None`` after an error; its pipeline is empty if it cannot be built."""
    config = copy.deepcopy(config)
    if not with_pipeline:
        _clear_pipelines(config)
    try:
        tell = findings.warnings.append
        where = f"tasks.{findings.where}.dataset"
        dataset = build_dataset(config, where=where, tell=tell, learners=learners)
    except (ConfigError, DataError) as error:
        findings.errors.append(str(error))
        return None
    num_listed = getattr(dataset, "num_listed", None)
    if num_listed is not None:
        findings.counts["images in the list file"] = num_listed
    findings.counts["samples"] = len(dataset)
    return dataset


def _clear_pipelines(config: Any) -> None:
    if isinstance(config, Mapping):
        if "pipeline" in config:
            config["pipeline"] = []  # type: ignore[index]
        for key in ("dataset", "datasets"):
            _clear_pipelines(config.get(key))
    elif isinstance(config, (list, tuple)):
        for item in config:
            _clear_pipelines(item)


def _count_entries(
    config: Mapping[str, Any], dataset: Any, findings: Findings, *, learns: bool
) -> None:
    """Count and judge the labels that the samples have before a file is read."""
    census = entry_census(dataset, config)
    if census is None:
        return
    if not findings.classes:  # an annotation file in COCO's format has been counted
        findings.classes.update(
            {f"{label} {name}": census.counts[label] for label, name in enumerate(census.names)}
        )
    findings.add_judgement(judge(census, learns=learns))


def _count_schedule(
    data: Mapping[str, Any],
    num_samples: int,
    num_steps: int | None,
    num_processes: int,
    findings: Findings,
) -> None:
    sampler = TaskSampler(num_samples, data["batch_size"], seed=0, world_size=num_processes)
    findings.counts["samples of one step, all processes"] = sampler.global_batch_size
    if num_steps is not None:
        findings.counts["samples drawn in the schedule"] = num_steps * sampler.global_batch_size
        findings.counts["epochs of the schedule"] = float(sampler.epochs(num_steps))
