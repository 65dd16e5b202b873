"""Memory of this process at the peak of a piece of work (Linux)."""

import ctypes
import os
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from tools.benchmarks.timing import MEGABYTE


@contextmanager
def peak_memory() -> Iterator[Callable[[], float]]:
    """Megabytes of this process at the peak, above those at the start."""
    # Else a run would take the memory that the last one left with the C library.
    ctypes.CDLL(None).malloc_trim(0)
    before = most = _resident()
    done = threading.Event()

    def watch() -> None:
        nonlocal most
        while not done.is_set():
            most = max(most, _resident())
            time.sleep(0.001)

    thread = threading.Thread(target=watch, daemon=True)
    thread.start()
    try:
        yield lambda: (most - before) / MEGABYTE
    finally:
        done.set()
        thread.join()


def _resident() -> int:
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE")
