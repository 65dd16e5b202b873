"""Which checkpoint of a work dir to go on from: found by looking, not by what a file says of it."""

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from argus.errors import CheckpointError, ConfigError
from argus.storage.checkpoint import read_checkpoint

_INTERVAL = re.compile(r"iter_(\d+)\.pth")
_BEST = re.compile(r"best_.+_iter_(\d+)\.pth")
POINTER = "last_checkpoint"


@dataclass
class Found:
    """A checkpoint to go on from.

    Args:
        path: Of the file.
        rejected: What is wrong with each of the newer files.
    """

    path: Path
    rejected: list[str] = field(default_factory=list)


def checkpoints_in(work_dir: str | Path) -> dict[Path, int]:
    """Steps of the checkpoints that a training wrote at its intervals, the newest first."""
    return _steps(Path(work_dir), _INTERVAL)


def _steps(folder: Path, pattern: re.Pattern[str]) -> dict[Path, int]:
    steps = {
        path: int(match[1])
        for path in folder.glob("*.pth")
        if (match := pattern.fullmatch(path.name)) and path.is_file()
    }
    return dict(sorted(steps.items(), key=lambda item: item[1], reverse=True))


def find_checkpoint(work_dir: str | Path) -> Found | None:
    """The newest checkpoint that is whole and that a training can go on from.

    Returns:
        ``None`` if the folder has no checkpoint.

    Raises:
        CheckpointError: It has some, and none of them is whole.
    """
    rejected: list[str] = []
    for path in checkpoints_in(work_dir):
        try:
            if "training" in read_checkpoint(path, in_place=True):
                return Found(path, rejected)
            rejected.append(f"{path} holds weights only.")
        except CheckpointError as error:
            rejected.append(str(error))
    rejected += [f"{path} holds weights only." for path in _steps(Path(work_dir), _BEST)]
    if not rejected:
        return None
    raise CheckpointError(
        f"no checkpoint in {work_dir} can be resumed:\n  "
        + "\n  ".join(rejected)
        + "\nTo train from the start, say --resume none: it moves them aside."
    )


def start_in(work_dir: str | Path, resume: Any, tell: Callable[[str], None]) -> None:
    """Before a training from the start: nothing of an earlier one may be in its way.

    Args:
        work_dir: The folder.
        resume: As in the config: ``none`` moves the checkpoints of an earlier training aside,
            ``False`` refuses them, anything else lets them be.
        tell: Is told of what was moved.

    Raises:
        ConfigError: The folder has checkpoints, which the training would overwrite.
    """
    if resume == "none":
        move_aside(work_dir, after=-1, tell=tell)
    elif not resume:
        paths = [*checkpoints_in(work_dir), *_steps(Path(work_dir), _BEST)]
        if paths:
            raise ConfigError(
                f"work_dir {work_dir} holds checkpoints of an earlier training (the newest is "
                f"{paths[0].name}), which a training from the start would overwrite. Go on with "
                "it by --resume, move its checkpoints aside by --resume none, or choose another "
                "folder by --work-dir."
            )


def move_aside(work_dir: str | Path, *, after: int, tell: Callable[[str], None]) -> None:
    """Move the checkpoints past a step into a new folder below the work dir; none is deleted.

    They are of a course that the training leaves, or damaged. Left where they are, the next resume
    could take one of them.
    """
    folder = Path(work_dir)
    steps = checkpoints_in(folder) | _steps(folder, _BEST)
    paths = [path for path, step in steps.items() if step > after]
    if not paths:
        return
    number = 1
    while (target := folder / f"earlier_{number}").exists():
        number += 1
    target.mkdir()
    for path in paths:
        path.rename(target / path.name)
    (folder / POINTER).unlink(missing_ok=True)
    tell(f"moved {', '.join(sorted(path.name for path in paths))} to {target}")
