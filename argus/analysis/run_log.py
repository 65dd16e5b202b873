"""The numbers that a training logged, read back from the JSON lines in its work dir.

Every start of a training writes ``WORK_DIR/<time>/vis_data/scalars.json``; a resumed training has
several, which are joined here.
"""

import ast
import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from argus.errors import DataError

LOG = "vis_data/scalars.json"


@dataclass(frozen=True)
class Series:
    """Values over the steps of a training.

    Args:
        steps: ``(N,)`` int64, rising.
        values: ``(N,)`` float64.
    """

    steps: np.ndarray
    values: np.ndarray


@dataclass(frozen=True, kw_only=True)
class RunLog:
    """What one training logged.

    Args:
        name: How a legend calls it.
        training: Means over the logging interval, by name, e.g. ``depth/loss``.
        validation: Metrics, by name, e.g. ``depth/rmse``.
        reported: Metrics that the config's tables show, ``<task>/<metric>``, of each task the
            primary one first; empty if the log does not say.
        less_is_better: Metrics of which less is better, as the config says.
    """

    name: str
    training: dict[str, Series]
    validation: dict[str, Series]
    reported: tuple[str, ...] = ()
    less_is_better: tuple[str, ...] = ()

    @property
    def tasks(self) -> tuple[str, ...]:
        """Names of the tasks that have a loss, in the order of the log."""
        names = (n.split("/")[0] for n in self.training if n.endswith("/loss_weighted"))
        return tuple(dict.fromkeys(names))


@dataclass
class _Part:
    """Lines of one log file: (step, values) of training and of validation."""

    training: list[tuple[int, dict[str, float]]] = field(default_factory=list)
    validation: list[tuple[int, dict[str, float]]] = field(default_factory=list)

    @property
    def first_step(self) -> int:
        return min(step for step, _ in self.training)


def read_run(work_dir: str | Path, *, name: str | None = None) -> RunLog:
    """Read the log of a training.

    Where a training was resumed, or begun anew in the same folder, the later start counts from its
    first step on: what an earlier one logged beyond is dropped, so that curves never run backwards.

    Args:
        work_dir: Folder of the training; or one log file.
        name: How to call the run; the name of the folder by default.

    Raises:
        DataError: If there is no log of a training, or a line of it cannot be read.
    """
    path = Path(work_dir)
    files = _log_files(path)
    parts = [part for part in map(_read_file, files) if part.training]
    if not parts:
        raise DataError(
            f"{path}: {', '.join(str(file) for file in files)} has no line of a training; it may "
            "have ended before its first logging interval. Lower default_hooks.logger.interval."
        )
    training: list[tuple[int, dict[str, float]]] = []
    validation: list[tuple[int, dict[str, float]]] = []
    for part in parts:
        training = [line for line in training if line[0] < part.first_step] + part.training
        validation = [line for line in validation if line[0] < part.first_step] + part.validation
    config = files[-1].with_name("config.py")
    return RunLog(
        name=name or (path.name if path.is_dir() else path.stem),
        training=_to_series(training),
        validation=_to_series(validation),
        reported=_metrics(config, _reported),
        less_is_better=_metrics(config, lambda task: task.get("lower_is_better") or ()),
    )


def read_runs(work_dirs: Sequence[str | Path]) -> list[RunLog]:
    """Read several trainings and give each the shortest end of its path that tells it apart."""
    paths = [Path(folder).absolute() for folder in work_dirs]
    names = [path.name for path in paths]
    for depth in range(1, max(len(path.parts) for path in paths)):
        names = ["/".join(path.parts[-depth:]) for path in paths]
        if len(set(names)) == len(names):
            break
    return [read_run(folder, name=name) for folder, name in zip(work_dirs, names, strict=True)]


def _log_files(path: Path) -> list[Path]:
    if path.is_file():
        return [path]
    if not path.is_dir():
        raise DataError(f"{path} does not exist: expected the work dir of a training.")
    files = sorted(path.glob(f"*/{LOG}"))  # named by the time of their start
    if files:
        return files
    inner = sorted({found.parents[2] for found in path.glob(f"*/*/{LOG}")})
    hint = (
        f" There are trainings below it; name them: {' '.join(map(str, inner))}."
        if inner
        else " The work dir of a training is work_dirs/<config>; a training that has not begun has "
        "no log yet."
    )
    raise DataError(f"{path} has no log: expected {path}/<time>/{LOG}.{hint}")


def _read_file(path: Path) -> _Part:
    part = _Part()
    lines = path.read_text(encoding="utf-8", errors="replace").splitlines()
    for number, line in enumerate(lines, start=1):
        try:
            content = _parse_line(line)
        except json.JSONDecodeError as error:
            if number == len(lines):  # a run that was ended while it wrote
                continue
            raise DataError(f"{path}, line {number} is not JSON: {error}.") from error
        if not isinstance(content, dict) or "step" not in content:
            raise DataError(
                f"{path}, line {number}: expected an object with 'step', as ProgressHook logs it."
            )
        if "event" in content:
            continue
        step = int(content.pop("step"))
        content.pop("iter", None)
        values = {k: float(v) for k, v in content.items() if isinstance(v, (int, float))}
        if "loss" in values or "lr" in values:  # no loss where no step was finite
            part.training.append((step, values))
        elif step > 0:  # tools/test.py logs its metrics at step 0
            part.validation.append((step, values))
    return part


def _parse_line(line: str) -> Any:
    """A line; or its whole end, where a full disk cut off what was to come before."""
    try:
        return json.loads(line)
    except json.JSONDecodeError:
        start = line.rfind("{")
        if start <= 0:
            raise
        return json.loads(line[start:])


def _to_series(lines: Sequence[tuple[int, dict[str, float]]]) -> dict[str, Series]:
    """Values by name; of two lines of one step the later counts."""
    points: dict[str, dict[int, float]] = {}
    for step, values in lines:
        for name, value in values.items():
            points.setdefault(name, {})[step] = value
    return {
        name: Series(np.array(steps := sorted(found)), np.array([found[step] for step in steps]))
        for name, found in points.items()
    }


def _metrics(
    config: Path, names_in: Callable[[Mapping[str, Any]], Iterable[Any]]
) -> tuple[str, ...]:
    """Metrics that a dumped config names, read as text: importing it would run it.

    Args:
        config: The file.
        names_in: Takes the settings of a task, as far as they are literals.
    """
    try:
        tree = ast.parse(config.read_text(encoding="utf-8"))
    except (OSError, SyntaxError, ValueError):
        return ()
    names = []
    for node in tree.body:
        if isinstance(node, ast.Assign) and getattr(node.targets[0], "id", None) == "tasks":
            for task, settings in _items(node.value):
                known = {key: _literal(value) for key, value in _items(settings)}
                metrics = names_in(known)
                names += [f"{task}/{metric}" for metric in metrics if isinstance(metric, str)]
    return tuple(dict.fromkeys(names))


def _reported(task: Mapping[str, Any]) -> list[Any]:
    return [task.get("primary"), *(task.get("report") or task.get("paper") or ())]


def _items(node: ast.AST) -> Iterator[tuple[str, ast.AST]]:
    """Keys and values of ``dict(a=...)`` or ``{'a': ...}``."""
    if isinstance(node, ast.Call):
        yield from ((word.arg, word.value) for word in node.keywords if word.arg)
    elif isinstance(node, ast.Dict):
        for key, value in zip(node.keys, node.values, strict=True):
            if isinstance(key, ast.Constant):
                yield str(key.value), value


def _literal(node: ast.AST) -> Any:
    """The value of a literal or of ``dict(...)`` (its keys are enough); ``None`` of others."""
    if isinstance(node, ast.Call):
        return [key for key, _ in _items(node)]
    try:
        return ast.literal_eval(node)  # type: ignore[arg-type]
    except ValueError:
        return None
