"""A data loader that outlives its processes: one that dies or hangs costs a sample, not the run.

torch's loader raises when a process of it has died, and waits for ever for one that hangs. Here the
sample that it was at work on is named and, in training, replaced as a file that does not decode
is; the processes are started anew at the batch that was awaited, so that all other samples stay the
same.
"""

import atexit
import contextlib
import gc
import os
import signal
import threading
from collections.abc import Callable, Generator, Iterator, Sequence
from multiprocessing.connection import wait
from multiprocessing.util import get_temp_dir
from typing import Any

import cv2
import torch
from torch.utils.data import DataLoader, Sampler
from torch.utils.data._utils import signal_handling

from argus.datasets.resilient import REPLACED, ResilientDataset
from argus.engine.loading.fetch_limit import FetchLimit
from argus.engine.loading.marks import ERROR, MarkedDataset, collate_or_fail
from argus.engine.loading.message_reader import read_in_parts
from argus.processes.parent_death import end_with_parent
from argus.processes.stop_signals import STOP_SIGNALS

_POLL_SECONDS = 5
_END_SECONDS = 5  # a process that waits for a dead disk may not end at all
# Processes in a row that may end while they are at work on no sample.
_MAX_IDLE_LOSSES = 3
_started: set[Any] = set()  # the processes of all loaders


class WatchedLoader:
    """Batches of a guarded data set, loaded by processes that may fail.

    Args:
        dataset: Gives the samples; in training it replaces those that fail.
        batch_size: Samples per batch.
        num_workers: Loader processes; with none a sample that hangs is not noticed, and one that
            ends the process ends the training.
        timeout: Seconds to wait for a batch before its process is taken to hang; 0 for ever.
        make_sampler: Gives the sampler that begins at a batch (0-based).
    """

    def __init__(
        self,
        dataset: ResilientDataset,
        *,
        batch_size: int,
        num_workers: int,
        timeout: float,
        make_sampler: Callable[[int], Sampler[Any]],
    ) -> None:
        self.dataset = dataset
        self.batch_size = batch_size
        self.num_workers = num_workers
        self.timeout = timeout
        self._make_sampler = make_sampler
        self._marked = MarkedDataset(dataset, num_workers)
        self._limit = FetchLimit(0, _POLL_SECONDS, lambda: None)

    def iterate(
        self, start: int = 0, *, while_waiting: Callable[[], None] | None = None
    ) -> Generator[dict[str, Any], None, None]:
        """The batches from number ``start`` on; the processes begin at once.

        Args:
            start: First batch (0-based).
            while_waiting: Called every few seconds while a batch does not come; may raise.

        Raises:
            DataError: Of the data set; or, if it does not replace samples, about the one that ended
                a process or made it hang.
        """
        return self._batches(self._start(start), start, while_waiting)

    def _batches(
        self,
        batches: Iterator[dict[str, Any]],
        number: int,
        while_waiting: Callable[[], None] | None,
    ) -> Generator[dict[str, Any], None, None]:
        idle: list[str] = []  # losses that no sample is to blame for
        try:
            while True:
                try:
                    batch = self._next(batches, while_waiting)
                except StopIteration:
                    return
                except _ProcessLost as lost:
                    self._end(batches)
                    if lost.draw is None and not self.dataset.strict:
                        idle.append(f"task {self.dataset.task!r}: no sample: {lost.reason}")
                    if lost.draw is not None or not idle or len(idle) > _MAX_IDLE_LOSSES:
                        self.dataset.lose(lost.draw, lost.index, lost.reason)
                    batches = self._start(number)
                    continue
                if ERROR in batch:
                    raise batch[ERROR]
                batch[REPLACED] += idle
                idle = []
                yield batch
                number += 1
        finally:
            self._end(batches)

    def _start(self, number: int) -> Iterator[dict[str, Any]]:
        loader = DataLoader(
            self._marked,
            batch_size=self.batch_size,
            sampler=self._make_sampler(number),
            num_workers=self.num_workers,
            collate_fn=collate_or_fail,
            pin_memory=torch.cuda.is_available(),
            timeout=_POLL_SECONDS if self.num_workers else 0,
            worker_init_fn=_Start(os.getpid()),
        )
        get_temp_dir()  # before the fork: a killed process would leave a folder of its own behind
        with _no_child_signal():
            batches: Any = iter(loader)
            if self.num_workers:
                _take_from_torch(batches)
        if self.num_workers:
            read_in_parts(batches._worker_result_queue, _POLL_SECONDS)
            self._limit = FetchLimit(
                self.timeout, _POLL_SECONDS, lambda: self._end_at_work(batches._workers)
            )
        _started.update(getattr(batches, "_workers", ()))
        return batches

    def _next(
        self, batches: Iterator[dict[str, Any]], while_waiting: Callable[[], None] | None
    ) -> dict[str, Any]:
        """The next batch.

        Raises:
            _ProcessLost: The process that loads it, or another of the loader, died or hangs.
        """
        waited = 0.0  # counted in polls, so that a training that was suspended finds no hang
        while True:
            try:
                with self._limit:
                    return next(batches)
            except (RuntimeError, OSError, EOFError) as error:
                if not self.num_workers:
                    raise
                no_answer = isinstance(error, RuntimeError) and "timed out" in str(error)
                at_work = self._marked.at_work()
                # What a process has sent lies with it until it is fetched: it may still be dying.
                for worker, status in self._ended(batches, 0 if no_answer else _END_SECONDS):
                    draw, index = at_work.get(worker, (None, None))
                    reason = _end_of(status, at_work=worker in at_work)
                    reason = self._too_slow() if self._limit.is_over else reason
                    raise _ProcessLost(draw, index, reason) from error
                if not no_answer:
                    raise
                if while_waiting is not None:
                    while_waiting()
                waited += _POLL_SECONDS
                if self.timeout and waited >= self.timeout:
                    # The awaited batch is the earliest of those that are being loaded.
                    draw, index = min(at_work.values(), default=(None, None))
                    raise _ProcessLost(draw, index, self._too_slow()) from error

    def _too_slow(self) -> str:
        return f"loading it took more than {self.timeout:g} s (the key timeout)"

    def _ended(self, batches: Any, seconds: float) -> list[tuple[int, int | None]]:
        """Number and status of the processes that have ended; waits for one to."""
        processes = batches._workers
        ended = wait([process.sentinel for process in processes], seconds)
        for process in processes:
            if process.sentinel in ended:
                process.join()
        return [
            (worker, process.exitcode)
            for worker, process in enumerate(processes)
            if process.sentinel in ended
        ]

    def _end_at_work(self, workers: Sequence[Any]) -> None:
        """End the processes that are at work on a sample, or all if none is."""
        at_work = self._marked.at_work()
        for worker, process in enumerate(workers):
            if worker in at_work or not at_work:
                process.kill()

    def _end(self, batches: Any) -> None:
        """End the processes, also one that hangs, before torch waits for them."""
        self._limit.close()
        # It knows torch's iterator, which must go now: processes that are forked later would have
        # it as well, and end it when they clear their memory.
        self._limit = FetchLimit(0, _POLL_SECONDS, lambda: None)
        workers = getattr(batches, "_workers", ())  # there are none in a loader of one process
        for process in workers:
            process.kill()
        for process in workers:
            process.join(_END_SECONDS)
        if workers:
            _close_queues(batches)
        _started.difference_update(workers)
        self._marked.forget()


def end_loader_processes() -> None:
    """End the processes of all loaders, which do not listen to SIGTERM."""
    for process in _started:
        process.kill()


# Before what multiprocessing does at the end: it asks by SIGTERM, and waits.
atexit.register(end_loader_processes)


class _ProcessLost(Exception):
    """A loader process died or hangs, at work on the sample of a draw, if on any."""

    def __init__(self, draw: int | None, index: int | None, reason: str) -> None:
        super().__init__(reason)
        self.draw = draw
        self.index = index
        self.reason = reason


class _Start:
    """Called in a loader process before its first sample; an object, so that it can be pickled."""

    def __init__(self, parent: int) -> None:
        self.parent = parent

    def __call__(self, worker: int) -> None:
        end_with_parent(self.parent)
        # Meant for the training, which takes its leave in its own time, and then ends this process.
        for number in STOP_SIGNALS:
            signal.signal(number, signal.SIG_IGN)
        cv2.setNumThreads(0)
        torch.set_num_threads(1)
        # What was there before the fork is shared as long as nobody writes to it, which a search
        # for garbage does to every object.
        gc.freeze()


def _take_from_torch(batches: Any) -> None:
    """End the processes ourselves.

    torch's handler of dying processes, which another loader may have installed, would raise
    wherever the training is. The event by which torch ends them has a lock, which a process that is
    killed in the moment in which it looks at the event never gives back: nobody may wait for it.
    """
    signal_handling._remove_worker_pids(id(batches))
    batches._worker_pids_set = False
    batches._workers_done_event = threading.Event()
    batches._shutdown_workers = lambda: None


def _close_queues(batches: Any) -> None:
    """End the threads and pipes of a loader whose processes are gone."""
    results = batches._worker_result_queue
    if hasattr(batches, "_pin_memory_thread"):
        batches._pin_memory_thread_done_event.set()
        results.put((None, None))  # it may wait for one
        batches._pin_memory_thread.join(_END_SECONDS)
    for queue in (*batches._index_queues, results):
        queue.cancel_join_thread()
        queue.close()


@contextlib.contextmanager
def _no_child_signal() -> Iterator[None]:
    """Keep torch's handler away, which raises wherever the training is when a process dies.

    It would be installed while the processes start, and one may die at once. That of another
    loader, if there is one, gets its place back.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    # None if it was not Python that installed it: nothing to keep away and nothing to restore.
    before = signal.getsignal(signal.SIGCHLD)
    if before is not None:
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    was_set = signal_handling._SIGCHLD_handler_set
    signal_handling._SIGCHLD_handler_set = True
    try:
        yield
    finally:
        signal_handling._SIGCHLD_handler_set = was_set
        if before is not None:
            signal.signal(signal.SIGCHLD, before)


def _end_of(status: int | None, *, at_work: bool) -> str:
    """How a process ended, in words."""
    what = "loading it ended the loader process" if at_work else "the loader process ended"
    if status is not None and status < 0:
        return f"{what} by {signal.Signals(-status).name}"
    return f"{what} with status {status}"
