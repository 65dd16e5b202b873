"""The thread of torch's loader that copies batches to pinned memory, where there is a GPU.

It fetches what the loader processes have sent, so that the end of one may end it, too; torch does
not look. And it looks for its own end every few seconds only, unless it is sent something.
"""

import contextlib
import os
import sys
import threading
from multiprocessing.reduction import ForkingPickler
from typing import Any


class PinThread:
    """That thread of an iterator over batches, if it has one.

    What ends the thread is kept for a message, instead of being printed: most often the processes
    have been ended on purpose.

    Args:
        batches: torch's iterator.
    """

    def __init__(self, batches: Any) -> None:
        self._thread: threading.Thread | None = getattr(batches, "_pin_memory_thread", None)
        if self._thread is None:
            return
        self._done: threading.Event = batches._pin_memory_thread_done_event
        self._results = batches._worker_result_queue
        self._error: BaseException | None = None
        self._thread._invoke_excepthook = self._keep  # type: ignore[attr-defined]

    @property
    def loss(self) -> str | None:
        """Why no batch can come any more, if it is for the thread."""
        if self._thread is None or self._thread.is_alive():
            return None
        reason = f" ({type(self._error).__name__}: {self._error})" if self._error else ""
        return f"the thread that copies batches to pinned memory ended{reason}"

    def end(self, seconds: float) -> None:
        """End it; the processes are gone.

        Args:
            seconds: To wait for it: it may be in the midst of a message that will never be whole.
        """
        if self._thread is None:
            return
        self._done.set()
        # Not by ``put``: a process may have been killed with the lock that it takes. Nor may this
        # wait for a pipe that is full, and that nobody reads.
        writer = self._results._writer
        os.set_blocking(writer.fileno(), False)
        with contextlib.suppress(OSError):
            writer.send_bytes(ForkingPickler.dumps((None, None)))
        self._thread.join(seconds)

    def _keep(self, thread: threading.Thread) -> None:
        self._error = sys.exc_info()[1]
