"""SIGTERM and SIGUSR1 ask a training to end well: after the step it is in, with a checkpoint.

Schedulers of clusters send them before they take a machine away.
"""

import os
import signal
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NoReturn

import torch
import torch.distributed as dist
from mmengine.dist import barrier

from argus.engine.checkpoints.hook import CheckpointHook
from argus.engine.distributed import largest_over_ranks
from argus.errors import TrainingStopped
from argus.processes.stop_signals import STOP_SIGNALS

# While a loop goes on, the processes agree about so often; seldom enough not to walk in step.
_ASK_SECONDS = 2.0
_MOST_TURNS = 20
# The launcher passes a signal on, and who sends it to a whole group reaches a process twice.
_SAME_SECONDS = 5.0
OTHER_PROCESS = "a signal to another process"


class StopRequest:
    """Whether somebody asked this process to stop."""

    def __init__(self) -> None:
        self.signal = ""
        self._time = 0.0

    @contextmanager
    def listening(self) -> Iterator[None]:
        """Take the signals; a second one, some seconds after the first, ends the process at once.

        Python hands signals to the main thread alone; in another one nothing changes.
        """
        if threading.current_thread() is not threading.main_thread():
            yield
            return
        before = {number: signal.signal(number, self._note) for number in STOP_SIGNALS}
        try:
            yield
        except RuntimeError:
            if self.signal and _has_others():
                # Most likely torchrun asked, since another process has failed: that this one has
                # lost its connections is no news.
                signal.signal(signal.SIGTERM, signal.SIG_DFL)
                signal.raise_signal(signal.SIGTERM)
            raise
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)

    def agreed(self) -> bool:
        """Whether any process was asked; all of them must call it at the same place."""
        if not _has_others():
            return bool(self.signal)
        (asked,) = _largest(float(bool(self.signal)))
        return self._note_others(asked)

    def now_and_then(self) -> Callable[[int], bool]:
        """:meth:`agreed` for a loop in which the processes take turns alike, at little cost.

        Each time they agree, the processes wait for the slowest of that turn. So they ask again
        after about two seconds and at most twenty turns, and agree on that too.

        Returns:
            A function of the turn (from 0) that all processes call in every turn.
        """
        next_turn, last_turn, last_time = 0, 0, time.monotonic()

        def ask(turn: int) -> bool:
            nonlocal next_turn, last_turn, last_time
            if not _has_others():
                return bool(self.signal)
            if turn < next_turn:
                return False
            seconds = (time.monotonic() - last_time) / max(turn - last_turn, 1)
            asked, slowest = _largest(float(bool(self.signal)), seconds)
            turns = _ASK_SECONDS / max(slowest, 1e-6) if turn else 1
            next_turn = turn + max(1, min(int(turns), _MOST_TURNS))
            last_turn, last_time = turn, time.monotonic()
            return self._note_others(asked)

        return ask

    def _note_others(self, asked: float) -> bool:
        if asked:
            self.signal = self.signal or OTHER_PROCESS
        return bool(asked)

    def _note(self, number: int, frame: Any) -> None:
        if not self.signal:
            self.signal, self._time = signal.Signals(number).name, time.monotonic()
        elif time.monotonic() - self._time > _SAME_SECONDS:
            os._exit(128 + number)


def _has_others() -> bool:
    return dist.is_initialized() and dist.get_world_size() > 1


def _largest(*values: float) -> list[float]:
    """The largest of each value in any process; all of them must call it."""
    device = "cuda" if dist.get_backend() == "nccl" else "cpu"
    return largest_over_ranks(torch.tensor(values, device=device)).tolist()


def save_and_stop(runner: Any, step: int) -> NoReturn:
    """Save a checkpoint of a training that was asked to stop, and end it.

    Args:
        runner: Of the training.
        step: Steps done.

    Raises:
        TrainingStopped: Always, in all processes.
    """
    saved = Path(runner.work_dir) / f"iter_{step}.pth"
    if not saved.exists():
        hooks = (hook for hook in runner.hooks if isinstance(hook, CheckpointHook))
        next(hooks, CheckpointHook()).save(runner, step)
    barrier()  # the launcher ends the others when the first has left
    raise TrainingStopped(
        f"stopped by {runner.stop_request.signal} after step {step} of {runner.max_iters}, saved "
        f"{saved}. Go on with --resume."
    )
