"""The Task contract: what belongs together for one job, and the check of it before anything runs.

A task config is a dict with data, decoder, loss weight and metric; a training config holds
``tasks = dict(name=task, ...)``. Everything that can be found wrong without reading data or
building a model is found here, by a message that names the task, the key and the remedy.
"""

import dataclasses
import difflib
import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from argus.errors import ConfigError
from argus.tasks.ignored_label import check_ignored_labels
from argus.tasks.label_counts import check_class_list, check_label_counts, check_metric_counts
from argus.tasks.single_class import check_single_class

SAMPLINGS = ("shuffle", "sequential", "balanced")
_NAME = re.compile(r"[a-z][a-z0-9_]*$")


@dataclass(frozen=True, kw_only=True)
class TrainData:
    """Training data of a task.

    Args:
        dataset: Config of the data set.
        batch_size: Images per process and step.
        num_workers: Loader processes.
        sampling: ``shuffle``, ``sequential`` or ``balanced``.
        balance_power: For ``balanced``: 0 draws as the data are, 1 draws every class equally often.
        max_bad_share: Share of samples that may fail to load before the run stops.
        timeout: Seconds after which a loader process that has not brought a batch is taken to hang,
            is replaced, and its sample counted as bad; 0 waits for ever.
    """

    dataset: Mapping[str, Any]
    batch_size: int
    num_workers: int = 2
    sampling: str = "shuffle"
    balance_power: float = 0.5
    max_bad_share: float = 0.01
    timeout: float = 300.0


@dataclass(frozen=True, kw_only=True)
class EvalData:
    """Validation or test data of a task.

    Args:
        dataset: Config of the data set.
        batch_size: Images per process.
        num_workers: Loader processes.
        timeout: As for :class:`TrainData`; the evaluation ends with an error that names the sample.
    """

    dataset: Mapping[str, Any]
    batch_size: int = 1
    num_workers: int = 2
    timeout: float = 300.0


@dataclass(frozen=True, kw_only=True)
class Task:
    """One task.

    Args:
        name: Key of the task in ``tasks``; it prefixes every loss and metric.
        decoder: Complete OpenMMLab model with ``backbone=dict(type=SharedBackbone)``.
        train: Training data; ``None`` for a task that is only evaluated, or whose labels come with
            another task's stream.
        val: Validation data, ``None`` to skip validation.
        test: Test data; ``val`` where absent.
        metrics: Metric config or configs.
        classes: Names of the classes in the order of the decoder's outputs; that of the training
            data by default. Data that list them in another order are numbered anew. A checkpoint
            and a model keep it.
        loss_weight: Factor of the task's loss in the total.
        lr_mult: Factor of the learning rate of the task's decoder.
        stream: Data stream the task draws from. Tasks of one stream are labels on the same images;
            exactly one of them has ``train``, and its pipeline packs a dict of samples by task.
            Defaults to the task's own name.
        primary: Metric that stands for the task in the mean relative gain and in the table.
        lower_is_better: Metrics of which less is better.
        paper: Published value per metric, as a fraction or in the metric's unit.
        report: Metrics shown in tables; those of ``paper``, or ``primary``, where absent.
        units: Unit of the metrics that are no fractions, e.g. ``dict(rmse="m")``; fractions are
            shown in percent.
        table: Heading that tables list the task under, e.g. the paper's; none by default.
        licence: Terms of the task's data, for the manifest of a model file.
    """

    name: str
    decoder: Mapping[str, Any]
    train: TrainData | None = None
    val: EvalData | None = None
    test: EvalData | None = None
    metrics: Sequence[Mapping[str, Any]] = ()
    classes: Sequence[str] = ()
    loss_weight: float = 1.0
    lr_mult: float = 1.0
    stream: str = ""
    primary: str = ""
    lower_is_better: Sequence[str] = ()
    paper: Mapping[str, float] = field(default_factory=dict)
    report: Sequence[str] = ()
    units: Mapping[str, str] = field(default_factory=dict)
    table: str = ""
    licence: str = ""

    @property
    def reported(self) -> tuple[str, ...]:
        """Full names ``<task>/<metric>`` of the metrics shown in tables."""
        names = self.report or tuple(self.paper) or ((self.primary,) if self.primary else ())
        return tuple(f"{self.name}/{name}" for name in names)

    def part_in_config(self, part: str) -> str:
        """Where the config has the data of a part: those of ``test`` may be under ``val``."""
        return "val" if part == "test" and self.test is self.val else part


def parse_tasks(configs: Mapping[str, Any] | None, *, on_backbone: bool = True) -> dict[str, Task]:
    """Check ``tasks`` of a config and turn it into Task objects, in the config's order.

    Args:
        configs: ``tasks`` of a config.
        on_backbone: Whether decoders have the shared backbone in them; not so where ``task_model``
            of the config gives them what they need.

    Raises:
        ConfigError: Naming the task, the key, what was expected and what to do.
    """
    if not configs:
        raise ConfigError(
            "tasks is empty or missing: expected tasks = dict(name=task, ...) with at least one "
            "task, e.g. one of configs/_base_/tasks/."
        )
    if not isinstance(configs, Mapping):
        raise ConfigError(
            f"tasks: expected dict(name=task, ...), found a {type(configs).__name__}. A dict keeps "
            "two tasks from having one name."
        )
    if "decoder" in configs and "type" in configs["decoder"]:
        raise ConfigError(
            "tasks: expected dict(name=task, ...), found the task itself, with the keys "
            f"{', '.join(configs)}. Give it a name: tasks = dict(my_task=task)."
        )
    tasks = {
        name: _parse_task(name, config, on_backbone=on_backbone) for name, config in configs.items()
    }
    folded: dict[str, str] = {}
    for name in tasks:
        other = folded.setdefault(name.replace("_", ""), name)
        if other != name:
            raise ConfigError(
                f"tasks[{name!r}] and tasks[{other!r}] have one name but for underscores; logs and "
                "checkpoints would mix them up. Rename one."
            )
    _check_streams(tasks)
    return tasks


def task_problems(configs: Any, *, on_backbone: bool = True) -> list[str]:
    """What :func:`parse_tasks` refuses, of every task one sentence; empty if it takes them.

    Args:
        configs: ``tasks`` of a config.
        on_backbone: As for :func:`parse_tasks`.
    """
    try:
        parse_tasks(configs, on_backbone=on_backbone)
    except ConfigError as error:
        first = str(error)
    else:
        return []
    found = []
    for name, config in configs.items() if isinstance(configs, Mapping) else ():
        try:
            _parse_task(name, config, on_backbone=on_backbone)
        except ConfigError as error:
            found.append(str(error))
    return found if first in found else [first]


def streams_of(tasks: Mapping[str, Task]) -> dict[str, tuple[str, ...]]:
    """Task names by data stream, for the tasks that are trained.

    In an order of their own: gradients add up in it, and sums of floating-point numbers depend on
    it, so a run would not go on bit by bit after its config was sorted anew.
    """
    return {
        stream: tuple(sorted(members))
        for stream, members in sorted(_by_stream(tasks).items())
        if any(tasks[name].train is not None for name in members)
    }


def _by_stream(tasks: Mapping[str, Task]) -> dict[str, tuple[str, ...]]:
    streams: dict[str, list[str]] = {}
    for task in tasks.values():
        streams.setdefault(task.stream, []).append(task.name)
    return {name: tuple(members) for name, members in streams.items()}


def _parse_task(name: str, config: Any, *, on_backbone: bool) -> Task:
    where = f"tasks[{name!r}]"
    if not isinstance(name, str) or not _NAME.match(name):
        raise ConfigError(
            f"{where}: a task name is lower case letters, digits and underscores and begins with a "
            "letter, since it becomes a parameter and metric prefix."
        )
    if not isinstance(config, Mapping):
        hint = f" --cfg-options tasks.{name}=None takes a task out." if config is None else ""
        raise ConfigError(f"{where}: expected a dict, found {type(config).__name__}.{hint}")
    if "name" in config:
        raise ConfigError(f"{where}: unknown key 'name'. The key in tasks is the name; remove it.")
    if "type" in config:
        raise ConfigError(
            f"{where}: {config['type']!r} is a recipe, and what reads the tasks wants it expanded: "
            "argus.recipes.expand_config(config)."
        )
    _check_keys(where, config, Task)
    values = dict(config)
    decoder = _require(where, values, "decoder", "a complete OpenMMLab model")
    if "type" not in decoder:
        raise ConfigError(f"{where}.decoder: 'type' is missing; name the model's class.")
    if on_backbone and "backbone" not in decoder:
        raise ConfigError(
            f"{where}.decoder: 'backbone' is missing; set backbone=dict(type=SharedBackbone)."
        )
    values["train"] = _parse_data(f"{where}.train", values.get("train"), TrainData)
    values["val"] = _parse_data(f"{where}.val", values.get("val"), EvalData)
    values["test"] = _parse_data(f"{where}.test", values.get("test"), EvalData) or values["val"]
    metrics = values.get("metrics", ())
    if not isinstance(metrics, (Mapping, list, tuple)):
        raise ConfigError(
            f"{where}.metrics: expected dict(type=...) or a list of them, found {metrics!r}."
        )
    values["metrics"] = tuple([metrics] if isinstance(metrics, Mapping) else metrics)
    for index, metric in enumerate(values["metrics"]):
        if isinstance(metric, (str, type)) or (
            isinstance(metric, Mapping) and "type" not in metric
        ):
            raise ConfigError(
                f"{where}.metrics[{index}]: expected dict(type=...), found {metric!r}."
            )
    if values["val"] is not None and not values["metrics"]:
        raise ConfigError(
            f"{where}: it has validation data but no metric. Add metrics=dict(type=...)."
        )
    stream = values.setdefault("stream", name)
    if not isinstance(stream, str) or not stream:
        raise ConfigError(
            f"{where}.stream: expected the name of a data stream, found {stream!r}. Remove it for "
            "a task with data of its own."
        )
    task = Task(name=name, **values)
    for key in ("loss_weight", "lr_mult"):
        number = getattr(task, key)
        if not isinstance(number, (int, float)) or number < 0:
            raise ConfigError(f"{where}.{key}: expected a number >= 0, found {number!r}.")
    parts = {part: getattr(task, part) for part in ("train", "val", "test")}
    datasets = {part: data.dataset for part, data in parts.items() if data is not None}
    check_class_list(where, task.classes, task.decoder)
    check_label_counts(where, task.decoder, datasets)
    check_single_class(where, task.decoder)
    configs = [metric for metric in task.metrics if isinstance(metric, Mapping)]
    check_metric_counts(where, task.decoder, configs)
    check_ignored_labels(where, task.decoder, configs)
    return task


def _parse_data(where: str, config: Any, kind: type[Any]) -> Any:
    if config is None:
        return None
    if not isinstance(config, Mapping):
        raise ConfigError(f"{where}: expected a dict, found {type(config).__name__}.")
    _check_keys(where, config, kind)
    dataset = _require(where, config, "dataset", "the config of a data set")
    if "type" not in dataset:
        raise ConfigError(f"{where}.dataset: 'type' is missing; name the data set's class.")
    _check_pipeline(f"{where}.dataset.pipeline", dataset.get("pipeline"))
    for key in ("batch_size", "num_workers"):
        least = 1 if key == "batch_size" else 0
        if key not in config:
            if key == "batch_size" and kind is TrainData:
                raise ConfigError(
                    f"{where}: 'batch_size' is missing (images per process and step)."
                )
            continue
        number = config[key]
        if not isinstance(number, int) or number < least:
            raise ConfigError(f"{where}.{key}: expected an integer >= {least}, found {number!r}.")
    for key in ("balance_power", "max_bad_share"):
        share = config.get(key, 0)
        if not isinstance(share, (int, float)) or not 0 <= share <= 1:
            raise ConfigError(f"{where}.{key}: expected a number in [0, 1], found {share!r}.")
    timeout = config.get("timeout", 0)
    if not isinstance(timeout, (int, float)) or not 0 <= timeout < math.inf:
        raise ConfigError(f"{where}.timeout: expected a number of seconds, found {timeout!r}.")
    sampling = config.get("sampling", "shuffle")
    if sampling not in SAMPLINGS:
        raise ConfigError(f"{where}.sampling: expected one of {SAMPLINGS}, found {sampling!r}.")
    return kind(**config)


def _check_pipeline(where: str, pipeline: Any) -> None:
    """Refuse steps that are no configs: a class would be called with the sample as its argument."""
    if pipeline is None:
        return
    if not isinstance(pipeline, (list, tuple)):
        raise ConfigError(f"{where}: expected a list [dict(type=...), ...], found {pipeline!r}.")
    for index, step in enumerate(pipeline):
        untyped = isinstance(step, Mapping) and "type" not in step
        # mmengine imports the classes of a config file when they are used as a type.
        is_class = isinstance(step, type) or type(step).__name__ in ("LazyObject", "LazyAttr")
        if untyped or is_class or isinstance(step, (str, list, tuple)):
            raise ConfigError(f"{where}[{index}]: expected dict(type=...), found {step}.")


def _check_keys(where: str, config: Mapping[str, Any], kind: type[Any]) -> None:
    known = [item.name for item in dataclasses.fields(kind) if item.name != "name"]
    for key in config:
        if key not in known:
            close = difflib.get_close_matches(key, known, n=1)
            hint = f" Did you mean {close[0]!r}?" if close else ""
            raise ConfigError(
                f"{where}: unknown key {key!r}.{hint} Known keys: {', '.join(known)}."
            )


def _require(where: str, config: Mapping[str, Any], key: str, what: str) -> Mapping[str, Any]:
    value = config.get(key)
    if not isinstance(value, Mapping):
        found = "nothing" if value is None else type(value).__name__
        raise ConfigError(f"{where}.{key}: expected {what} (a dict), found {found}.")
    return value


def _check_streams(tasks: Mapping[str, Task]) -> None:
    for stream, members in _by_stream(tasks).items():
        sources = [name for name in members if tasks[name].train is not None]
        if len(members) > 1 and len(sources) != 1:
            raise ConfigError(
                f"tasks {list(members)} share the stream {stream!r}: exactly one of them must "
                f"have train data (its pipeline loads all labels), found {len(sources)}: {sources}."
            )
        if stream in tasks and tasks[stream].stream != stream:
            raise ConfigError(
                f"stream {stream!r} has the name of a task that does not belong to it. Rename it."
            )
