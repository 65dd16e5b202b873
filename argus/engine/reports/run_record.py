"""What made a training: ``WORK_DIR/<time>/run.json``, written at every start, also a resumed one.

``tools/compare_runs.py`` tells two of them apart.
"""

import functools
import platform
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from mmengine.dist import master_only

import argus
from argus.datasets.fingerprint import fingerprint
from argus.engine.reports.git_state import git_state
from argus.engine.reports.plain_config import plain_config
from argus.env import attempt, dependency_report, torch_report
from argus.files.durable import write_json
from argus.files.records import finite

FORMAT = "argus-run-1"
NAME = "run.json"


@master_only
def write_run_record(runner: Any) -> None:
    """Write the record of a training whose data sets are built.

    A disk that is full or slow must not end the training: that is told by a warning.
    """
    path = Path(runner.log_dir) / NAME
    try:
        write_json(path, finite(run_record(runner)))
    except OSError as error:
        runner.logger.warning(f"{path} cannot be written ({error}): nothing says what made this")


def run_record(runner: Any) -> dict[str, Any]:
    """The record, in types that JSON knows."""
    return {
        "format": FORMAT,
        "time": time.strftime("%Y-%m-%dT%H:%M:%S%z"),
        "command": list(sys.argv),
        "processes": runner.world_size,
        "resumed_from": runner.resumed_from,
        "step": runner.train_loop.iter,
        "seed": runner.seed,
        "precision": runner.precision,
        "versions": dict(_versions()),
        "git": _git_states(runner.cfg.filename),
        "data": dict(_fingerprints(runner)),
        "config": plain_config(runner.cfg),
    }


@functools.cache
def _versions() -> dict[str, Any]:
    """What was imported, which no later installation changes."""
    torch = attempt(torch_report)
    torch = torch if isinstance(torch, dict) else {}
    packages = {row["name"]: row["installed"] for row in dependency_report()}
    return {
        "argus": argus.__version__,
        "python": platform.python_version(),
        "platform": platform.platform(),
        "cuda": torch.get("cuda_build"),
        "gpus": [gpu["name"] for gpu in torch.get("gpus", [])],
        **{name: version for name, version in packages.items() if version is not None},
    }


def _git_states(config: str | None) -> dict[str, Any]:
    """The checkout of Argus, and that of the config if it is another one."""
    found = {"argus": _own_git_state()}
    other = git_state(Path(config).absolute()) if config else None
    return found if other in (None, found["argus"]) else found | {"config": other}


@functools.cache
def _own_git_state() -> dict[str, Any] | None:
    """Of the code as it was imported."""
    return git_state(Path(argus.__file__))


def _fingerprints(runner: Any) -> Iterator[tuple[str, dict[str, Any]]]:
    """``<task>.<part>`` and the fingerprint of its data set."""
    loader = runner.train_loop.dataloader
    for stream, task in loader.sources.items():
        yield f"{task.name}.train", fingerprint(task.train.dataset, loader.datasets[stream])
    if runner.val_loop is not None:
        for name, dataset in runner.val_loop.datasets().items():
            yield f"{name}.val", fingerprint(runner.val_loop.tasks[name].val.dataset, dataset)
