"""What a caller asks for, checked before any picture is read."""

import difflib
import warnings
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from numbers import Real
from typing import Any

from argus.errors import ConfigError
from argus.inference.persons import PERSON
from argus.inference.sizing import TASK_SIZE, SizeChoice
from argus.inference.task_info import TaskInfo
from argus.names.wording import listed

ALL = "all"
_LARGEST_BATCH = 1_000_000


@dataclass(frozen=True, kw_only=True)
class Request:
    """A checked request.

    Args:
        tasks: Names of the tasks to answer, in this order.
        sizes: Size choice of every task of the model.
        batch_size: Pictures at once.
        category: For anomaly tasks with a head per category.
        score_threshold: Least score of an instance and of a person that gets a pose.
        finders: By task of poses the one that finds their objects, of people those; none if the
            caller gives boxes.
    """

    tasks: tuple[str, ...]
    sizes: Mapping[str, SizeChoice]
    batch_size: int
    category: str | None
    score_threshold: float
    finders: Mapping[str, str] = field(default_factory=dict)

    @property
    def short_sides(self) -> list[int]:
        """Those that are asked for, in pixels."""
        sizes = {self.sizes[task] for task in (*self.tasks, *self.finders.values())}
        return [size for size in sizes if isinstance(size, int)]


def choose_tasks(tasks: Sequence[str] | str | None, known: Sequence[str]) -> tuple[str, ...]:
    """Names of tasks out of those that are there.

    Args:
        tasks: Names, one name, or ``None`` or ``"all"`` for all.
        known: What is there.

    Raises:
        ConfigError: An unknown name, with those that are there; or no name.
    """
    if tasks is None or tasks == ALL:
        return tuple(known)
    if not isinstance(tasks, Iterable):
        raise ConfigError(f"tasks: expected names of {', '.join(known)}, found {tasks!r}.")
    names = (tasks,) if isinstance(tasks, str) else tuple(tasks)
    if not names:
        raise ConfigError(f"tasks is empty: name some of {', '.join(known)}, or leave it out.")
    for name in names:
        if name not in known:
            raise ConfigError(f"unknown task {name!r}.{_close(name, known)}")
    return tuple(dict.fromkeys(names))


def parse_request(
    infos: Mapping[str, TaskInfo],
    *,
    tasks: Sequence[str] | str | None,
    size: int | str | Mapping[str, Any] | None,
    batch_size: int,
    category: str | None,
    score_threshold: float,
    has_boxes: bool,
) -> Request:
    """Check the arguments of a prediction.

    Args:
        infos: The tasks of the model.
        tasks: Names, one name, or ``None`` or ``"all"``; of all, those that lack something
            (a category, people) are left out with a warning.
        size: One choice, or choices by task.
        batch_size: Pictures at once.
        category: Kind of object.
        score_threshold: In [0, 1].
        has_boxes: Whether the caller gives people.

    Raises:
        ConfigError: Saying what is wrong, and what there is.
    """
    is_all = tasks is None or tasks == ALL
    names = choose_tasks(tasks, list(infos))
    if not isinstance(batch_size, int) or not 1 <= batch_size <= _LARGEST_BATCH:
        raise ConfigError(
            f"batch_size: expected an integer >= 1 (and at most {_LARGEST_BATCH:,}), found "
            f"{batch_size!r:.40}."
        )
    if not isinstance(score_threshold, Real) or not 0 <= score_threshold <= 1:
        raise ConfigError(
            f"score_threshold: expected a number in [0, 1], found {score_threshold!r:.80}."
        )
    sizes = _sizes(size, infos)
    finders: dict[str, str] = {}
    chosen = []
    for name in names:
        problem = _missing_category(infos[name], category)
        if infos[name].kind == "keypoints" and not has_boxes:
            finder = _finder(infos, infos[name].objects, names)
            if finder:
                finders[name] = finder
            else:
                problem = _nothing_found(infos, name)
        if not problem:
            chosen.append(name)
        elif is_all and (category is None or not infos[name].categories):
            warnings.warn(f"left out: {problem}.", stacklevel=4)
        else:
            raise ConfigError(f"{problem}.")
    if not chosen:
        what = names[0] if len(names) == 1 else f"each of {', '.join(names)}"
        raise ConfigError(f"no task is left: {what} lacks something.")
    return Request(
        tasks=tuple(chosen),
        sizes=sizes,
        batch_size=batch_size,
        category=category,
        score_threshold=float(score_threshold),
        finders=finders,
    )


def _missing_category(info: TaskInfo, category: str | None) -> str:
    """What is wrong with the category for a task; empty if nothing."""
    if not info.categories or category in info.categories:
        return ""
    there = ", ".join(info.categories)
    if category is None:
        return f"task {info.name!r} needs category=..., one of {there}"
    return f"task {info.name!r} has no category {category!r}, only {there}"


def _finder(infos: Mapping[str, TaskInfo], objects: Sequence[str], requested: Sequence[str]) -> str:
    """The task that finds some objects: one that is asked for anyway, if possible."""
    candidates = [
        name
        for name, info in infos.items()
        if info.kind == "instances" and set(objects) & set(info.classes)
    ]
    return next((n for n in candidates if n in requested), candidates[0] if candidates else "")


def _nothing_found(infos: Mapping[str, TaskInfo], name: str) -> str:
    objects = infos[name].objects
    what = "people" if objects == (PERSON,) else f"boxes of {listed(objects)}"
    return (
        f"task {name!r} needs {what}: give boxes, (N, 4) xyxy pixels (--boxes on the command "
        f"line), or load an instance task with a class {listed(map(repr, objects))} too; the model "
        f"has {', '.join(infos)}"
    )


def _sizes(
    size: int | str | Mapping[str, Any] | None, infos: Mapping[str, TaskInfo]
) -> dict[str, SizeChoice]:
    if not isinstance(size, Mapping):
        _check_size(size, "size")
        return {name: size for name in infos}
    choose_tasks(list(size) or None, list(infos))
    for name, choice in size.items():
        _check_size(choice, f"size[{name!r}]")
    return {name: size.get(name) for name in infos}


def _check_size(size: Any, where: str) -> None:
    is_side = isinstance(size, int) and not isinstance(size, bool) and size >= 1
    if size is not None and size != TASK_SIZE and not is_side:
        raise ConfigError(
            f"{where}: expected None (one size for all tasks), {TASK_SIZE!r} (that of each task's "
            f"benchmark) or the short side in pixels, found {size!r}."
        )


def _close(name: Any, known: Sequence[str]) -> str:
    close = difflib.get_close_matches(str(name), known, n=1)
    hint = f" Did you mean {close[0]!r}?" if close else ""
    return f"{hint} There are: {', '.join(known)}."
