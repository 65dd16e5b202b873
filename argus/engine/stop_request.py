"""SIGTERM and SIGUSR1 ask a training to end well: after the step it is in, with a checkpoint.

Schedulers of clusters send them before they take a machine away.
"""

import os
import signal
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NoReturn

import torch
import torch.distributed as dist
from mmengine.dist import barrier

from argus.engine.checkpoint_hook import CheckpointHook
from argus.engine.distributed import largest_over_ranks
from argus.errors import TrainingStopped
from argus.stopping import STOP_SIGNALS

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
            if self.signal and dist.is_initialized() and dist.get_world_size() > 1:
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
        if not dist.is_initialized() or dist.get_world_size() == 1:
            return bool(self.signal)
        device = "cuda" if dist.get_backend() == "nccl" else "cpu"
        asked = torch.tensor([float(bool(self.signal))], device=device)
        if not largest_over_ranks(asked).item():
            return False
        self.signal = self.signal or OTHER_PROCESS
        return True

    def _note(self, number: int, frame: Any) -> None:
        if not self.signal:
            self.signal, self._time = signal.Signals(number).name, time.monotonic()
        elif time.monotonic() - self._time > _SAME_SECONDS:
            os._exit(128 + number)


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
