"""Training the toys, step by step."""

import contextlib
from collections.abc import Callable, Mapping
from pathlib import Path

from mmengine.config import Config

from argus.engine import MultitaskRunner
from argus.errors import TrainingStopped
from tests.toy import toy_config


def train(
    work_dir: Path,
    *,
    stop_after: int | None = None,
    before_step: Mapping[int, Callable[[MultitaskRunner], None]] | None = None,
    **changes,
) -> tuple[list[dict[str, float]], MultitaskRunner]:
    """Train, until asked to stop; this process's losses of every step and the runner.

    Args:
        work_dir: Of the training.
        stop_after: Stop after so many steps.
        before_step: What is done to the runner just before a step, counted from 1.
        **changes: Of the toy config.
    """
    runner = MultitaskRunner.from_cfg(Config(toy_config(work_dir, **changes)))
    losses: list[dict[str, float]] = []
    call_hook = runner.call_hook

    def record(name: str, **kwargs) -> None:
        if name == "before_train_iter" and (act := (before_step or {}).get(runner.iter + 1)):
            act(runner)
        call_hook(name, **kwargs)
        if name == "after_train_iter":
            losses.append({k: v.item() for k, v in kwargs["outputs"].losses.items()})
            runner.train_loop.stop_training = len(losses) == stop_after

    runner.call_hook = record
    with contextlib.suppress(TrainingStopped):
        runner.train()
    return losses, runner
