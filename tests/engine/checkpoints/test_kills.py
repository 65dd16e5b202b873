"""A training that is killed in the middle of a save loses nothing and goes on bit by bit."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from argus.engine.checkpoints.resume import checkpoints_in
from argus.storage.checkpoint import read_checkpoint
from tests.engine.checkpoints.killed_training import MOMENTS, STEPS, run
from tests.forked import start_forked

KILLED = -9


@pytest.fixture(scope="module")
def training() -> Callable[..., int | None]:
    """Run a training in a process of its own; its exit status."""

    def call(
        folder: Path,
        moment: str | None = None,
        *,
        resume: bool = False,
        kill_after_s: float | None = None,
    ) -> int | None:
        process = start_forked(run, folder, moment, resume)
        if kill_after_s is not None:
            process.join(kill_after_s)
            process.kill()
        process.join(120)
        return process.exitcode

    return call


@pytest.fixture(scope="module")
def whole(
    training: Callable[..., int | None], tmp_path_factory: pytest.TempPathFactory
) -> tuple[list[dict], dict[str, Any]]:
    """Losses and last checkpoint of the training that nobody kills."""
    folder = tmp_path_factory.mktemp("whole")
    assert training(folder) == 0
    return result(folder)["losses"], read_checkpoint(folder / f"iter_{STEPS}.pth")


def result(folder: Path) -> dict[str, Any]:
    return json.loads((folder / "result.json").read_text())


@pytest.mark.parametrize("moment", MOMENTS)
def test_kill__while_saving_with_one_checkpoint_kept(
    tmp_path: Path,
    training: Callable[..., int | None],
    whole: tuple[list[dict], dict[str, Any]],
    moment: str,
) -> None:
    assert training(tmp_path, moment) == KILLED
    steps = [step for path, step in checkpoints_in(tmp_path).items() if is_whole(path)]
    assert steps, "there is a whole one at every moment"
    assert (tmp_path / ".training.lock").read_text(), "it was not given back"
    assert training(tmp_path, resume=True) == 0
    resumed = result(tmp_path)
    assert resumed["losses"] == whole[0][steps[0] :]
    assert f"resumed {tmp_path / f'iter_{steps[0]}.pth'} at step {steps[0]}" in resumed["log"]
    found = read_checkpoint(tmp_path / f"iter_{STEPS}.pth")
    for part in ("state_dict", "ema"):
        for name, value in whole[1][part].items():
            assert torch.equal(found[part][name], value), name
    names = {path.name for path in tmp_path.iterdir() if path.suffix in (".pth", ".part")}
    assert names == {f"iter_{STEPS}.pth"}
    left = "which an interrupted save had left" in resumed["log"]
    assert left == (moment in ("half_written", "before_the_move"))


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(20))
def test_kill__at_any_moment_as_often_as_you_like(
    tmp_path: Path,
    training: Callable[..., int | None],
    whole: tuple[list[dict], dict[str, Any]],
    seed: int,
) -> None:
    rng = np.random.default_rng(seed)
    num_killed = 0
    longest_s = 1.5
    while training(tmp_path, resume=True, kill_after_s=rng.uniform(0.2, longest_s)) == KILLED:
        num_killed += 1
        longest_s *= 1.1  # a busy machine may need more than that for the start alone
        assert num_killed < 100
    print(f"killed {num_killed} times")
    found = read_checkpoint(tmp_path / f"iter_{STEPS}.pth")
    for part in ("state_dict", "ema"):
        for name, value in whole[1][part].items():
            assert torch.equal(found[part][name], value), name


def is_whole(path: Path) -> bool:
    read_checkpoint(path)  # no half file has the name of a whole one
    return True
