"""Signals that ask a training to stop, and what they do while no step is under way."""

import os
import signal
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

STOPPED = 75
"""Exit status of a training that was asked to stop and can go on (EX_TEMPFAIL of sysexits.h)."""
STOP_SIGNALS = (signal.SIGTERM, signal.SIGUSR1)


@contextmanager
def ended_by_signals() -> Iterator[None]:
    """End the process with :data:`STOPPED` by a signal of :data:`STOP_SIGNALS`, without a save.

    For the time in which there is nothing to save: data sets and the model are built, or the last
    checkpoint is written. The training loop takes the signals for itself. Python hands signals to
    the main thread alone; in another one nothing changes. SIGTERM is left alone under torchrun,
    which sends it after another process has failed; the launcher passes it on as SIGUSR1.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    numbers = [signal.SIGUSR1] if "TORCHELASTIC_RUN_ID" in os.environ else STOP_SIGNALS
    before = {number: signal.signal(number, _leave) for number in numbers}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _leave(number: int, frame: Any) -> None:
    if os.environ.get("RANK", "0") == "0":
        # Not print, which may be under way where the signal came.
        message = f"\nstopped by {signal.Signals(number).name} while no step was under way.\n"
        os.write(sys.__stderr__.fileno() if sys.__stderr__ else 2, message.encode())
    os._exit(STOPPED)
