"""Trainings in processes of their own that kill themselves, with -9, in the middle of a save."""

import json
import os
import signal
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import torch

from argus.engine.checkpoints import hook as module
from tests.engine.toy_training import train
from tests.toy import toy_tasks

STEPS = 6
SECOND = "iter_4.pth"


def tasks() -> dict[str, Any]:
    found = toy_tasks()
    for task in found.values():
        del task["val"], task["metrics"], task["primary"]
        task.pop("report", None), task.pop("paper", None)
    return found


def options() -> dict[str, Any]:
    """A checkpoint every second step, of which one is kept."""
    return dict(
        tasks=tasks(),
        train_cfg=dict(max_iters=STEPS),
        custom_hooks=[dict(type="argus.EMAHook", decay=0.9)],
        default_hooks=dict(
            logger=dict(type="argus.ProgressHook", interval=1),
            checkpoint=dict(type="argus.CheckpointHook", interval=2, max_keep_ckpts=1),
        ),
    )


def kill() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def _half_written(save: Callable[..., None], content: Any, path: Path) -> None:
    save(content, path)
    if SECOND in path.name:
        os.truncate(path, path.stat().st_size // 2)
        kill()


def _before_the_move(replace: Callable[..., None], source: Path, target: Path) -> None:
    if target.name == SECOND:
        kill()
    replace(source, target)


def _after_the_move(replace: Callable[..., None], source: Path, target: Path) -> None:
    replace(source, target)
    if target.name == SECOND:
        kill()


def _reading_back(verify: Callable[..., None], path: Path) -> None:
    if path.name == SECOND:
        kill()
    verify(path)


def _pointer(write: Callable[..., None], path: Path, text: str) -> None:
    if SECOND in text:
        kill()
    write(path, text)


def _old_one_deleted(unlink: Callable[..., None], path: Path, missing_ok: bool = False) -> None:
    unlink(path, missing_ok=missing_ok)
    if path.name == "iter_2.pth":
        kill()


# Where the kill is put: an object, the name of its function, and what stands in for it.
MOMENTS: dict[str, tuple[Any, str, Callable[..., None]]] = {
    "half_written": (torch, "save", _half_written),
    "before_the_move": (os, "replace", _before_the_move),
    "after_the_move": (os, "replace", _after_the_move),
    "reading_back": (module, "verify_checkpoint", _reading_back),
    "pointer": (module, "write_text", _pointer),
    "old_one_deleted": (Path, "unlink", _old_one_deleted),
}


def run(folder: Path, moment: str | None, resume: bool) -> None:
    """Train with one thread, and be killed at a moment; write the losses if it comes to that."""
    torch.set_num_threads(1)  # others do not survive the fork
    if moment is not None:
        owner, name, stand_in = MOMENTS[moment]
        original = getattr(owner, name)
        replaced: Any = partial(stand_in, original)
        if owner is Path:  # a partial would not be given the path it is called on
            replaced = lambda path, **kwargs: stand_in(original, path, **kwargs)  # noqa: E731
        setattr(owner, name, replaced)
    losses, runner = train(folder, resume=resume, **options())
    log = next(Path(runner.log_dir).glob("*.log")).read_text()
    (folder / "result.json").write_text(json.dumps(dict(losses=losses, log=log)))
