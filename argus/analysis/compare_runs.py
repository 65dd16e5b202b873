"""What differs between two trainings: their records, and the step at which their losses part."""

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from argus.analysis.run_log import read_run
from argus.engine.reports.run_record import FORMAT, NAME
from argus.errors import DataError
from argus.files.records import read_record
from argus.names.wording import counted

# Parts of a record in the order of the report; what is not listed differs between any two.
_PARTS = (
    *("config", "seed", "precision", "processes", "resumed_from"),
    *("versions", "git", "data", "command"),
)
_ABSENT = "-"
_MAX_SHOWN = 60
# Whatever two runs differ in, a folder of their own is no news.
_IGNORED = ("config.work_dir",)


def compare_runs(first: str | Path, second: str | Path) -> str:
    """A report on what differs, a line for each difference with both values.

    Args:
        first: Work dir of a training, whose last start counts, or the folder of one start in it.
        second: Another one.

    Raises:
        DataError: If a folder has no record, or one that cannot be read.
    """
    paths = [find_record(first), find_record(second)]
    records = [read_record(path, form=FORMAT, what="a training") for path in paths]
    lines = [f"A  {paths[0].parent}", f"B  {paths[1].parent}"]
    same = []
    for part in _PARTS:
        changes = list(differences(*(record.get(part) for record in records), name=part))
        if changes:
            lines += ["", part]
            lines += [f"  {name}: {_shown(a)} | {_shown(b)}" for name, a, b in changes]
        else:
            same.append(part)
    lines += ["", f"the same: {', '.join(same) or 'nothing'}", *_losses(first, second)]
    return "\n".join(lines)


def find_record(folder: str | Path) -> Path:
    """The record of the last start of a training.

    Raises:
        DataError: If there is none.
    """
    folder = Path(folder)
    # Starts are named by their time.
    found = [path for path in (folder / NAME, *sorted(folder.glob(f"*/{NAME}"))) if path.is_file()]
    if not found:
        raise DataError(
            f"{folder} has no record of a training: expected {folder}/<time>/{NAME}, which every "
            "start of a training writes."
        )
    return found[-1]


def differences(first: Any, second: Any, *, name: str) -> Iterator[tuple[str, Any, Any]]:
    """Paths at which two values differ, dots between their keys, with both values."""
    if isinstance(first, Mapping) and isinstance(second, Mapping):
        for key in dict.fromkeys([*first, *second]):
            below = f"{name}.{key}"
            yield from differences(first.get(key, _ABSENT), second.get(key, _ABSENT), name=below)
    elif _have_parts(first) and _have_parts(second):
        for index in range(max(len(first), len(second))):
            pair = [items[index] if index < len(items) else _ABSENT for items in (first, second)]
            yield from differences(*pair, name=f"{name}.{index}")
    elif first != second and name not in _IGNORED:
        yield name, first, second


def _have_parts(value: Any) -> bool:
    """Whether a value is a list of dicts, such as a pipeline; other lists are shown whole."""
    return isinstance(value, list) and any(isinstance(item, Mapping) for item in value)


def _shown(value: Any) -> str:
    text = value if value == _ABSENT else json.dumps(value)
    return text if len(text) <= _MAX_SHOWN else f"{text[: _MAX_SHOWN - 3]}..."


def _losses(first: str | Path, second: str | Path) -> list[str]:
    """Where the logged losses part; what cannot be compared is said."""
    try:
        logs = [read_run(folder).training for folder in (first, second)]
    except DataError as error:
        return [f"losses not compared: {error}"]
    pairs = []
    for name in logs[0]:
        if name.endswith("/loss_weighted") and name in logs[1]:
            values = [dict(zip(log[name].steps, log[name].values, strict=True)) for log in logs]
            pairs += [
                (int(step), name, values[0][step], values[1][step])
                for step in values[0]
                if step in values[1]
            ]
    if not pairs:
        return ["losses not compared: no step of both logs has a loss of the same task"]
    parted = [pair for pair in pairs if pair[2] != pair[3]]
    num_steps = len({step for step, *_ in pairs})
    if not parted:
        return [
            "losses: bit-equal at all "
            f"{counted(num_steps, 'step that both logs have', 'steps that both logs have')}"
        ]
    step, name, a, b = min(parted)
    return [f"losses: differ first at step {step} ({name}: {a:.6g} | {b:.6g})"]
