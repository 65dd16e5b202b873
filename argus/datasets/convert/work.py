"""Many small pieces of work: in parallel, with progress on a terminal and in a log."""

import multiprocessing
import os
import signal
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from types import TracebackType
from typing import TypeVar

import cv2

from argus.errors import DataError
from argus.processes.parent_death import end_with_parent

Job = TypeVar("Job")
Result = TypeVar("Result")


class Progress:
    """Counts pieces of work on the standard error stream; a context manager.

    A terminal shows one line that changes. A log gets a line for each tenth of the work or, where
    the total is not known, every half minute; nothing for work of less than a second.

    Args:
        title: What is done.
        total: Number of pieces, if it is known.
    """

    def __init__(self, title: str, total: int | None = None) -> None:
        self.title = title
        self.total = total
        self.done = 0
        self._terminal = sys.stderr.isatty()
        self._start = self._shown = time.monotonic()
        self._tenths = 0

    def step(self) -> None:
        """One more piece is done."""
        self.done += 1
        now = time.monotonic()
        tenths = self.done * 10 // self.total if self.total else 0
        if self._terminal:
            due = now - self._shown > 0.1
        elif self.total:
            due = tenths > self._tenths and now - self._shown > 1
        else:
            due = now - self._shown > 30
        if due:
            self._shown, self._tenths = now, tenths
            self._print("\r" if self._terminal else "\n")

    def _print(self, end: str) -> None:
        seconds = time.monotonic() - self._start
        total = f"/{self.total:,}" if self.total else ""
        share = f" ({self.done / self.total:.0%})" if self.total else ""
        line = f"{self.title}: {self.done:,}{total}{share}, {seconds:.0f} s"
        print(f"{line:<70}" if self._terminal else line, end=end, file=sys.stderr, flush=True)

    def __enter__(self) -> "Progress":
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Show the end, also of work that failed: it says how far it came."""
        if self.done and (self._terminal or time.monotonic() - self._start > 1 or error):
            self._print("\n")


def _initialise_worker(parent: int) -> None:
    end_with_parent(parent)
    cv2.setNumThreads(0)
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the parent ends the workers


def run_jobs(
    function: Callable[[Job], Result],
    jobs: Sequence[Job],
    *,
    title: str,
    num_processes: int,
) -> Iterator[Result]:
    """Results of a function for each job, in the order of the jobs.

    Args:
        function: Of a module, so that worker processes find it.
        jobs: Its arguments.
        title: For the progress.
        num_processes: Worker processes; 1 works in this one.

    Raises:
        DataError: A worker process died.
    """
    with Progress(title, len(jobs)) as progress:
        if num_processes <= 1 or len(jobs) <= 1:
            for job in jobs:
                yield function(job)
                progress.step()
            return
        # Fork starts at once; where it does not exist, spawn costs the imports once per worker.
        method = "fork" if "fork" in multiprocessing.get_all_start_methods() else "spawn"
        with ProcessPoolExecutor(
            num_processes,
            mp_context=multiprocessing.get_context(method),
            initializer=_initialise_worker,
            initargs=(os.getpid(),),
        ) as pool:
            try:
                for result in pool.map(function, jobs, chunksize=4):
                    yield result
                    progress.step()
            except BrokenProcessPool as error:
                raise DataError(
                    f"{title}: a worker process was killed, perhaps for want of memory; run the "
                    "same command again with fewer --num-processes: it goes on where it stopped."
                ) from error
