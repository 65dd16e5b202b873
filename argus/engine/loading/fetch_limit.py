"""An end to fetching a batch from a process that does not answer.

A message about a batch is not all of it: the tensors are fetched from the process that made them.
One that by then hangs in a library, in a call that no other thread of it gets past, never gives
them, and torch waits for ever.
"""

import threading
from collections.abc import Callable


class FetchLimit:
    """A context in which a batch is fetched, for no longer than a time.

    A thread looks on. It counts its looks, so that a training that was suspended finds no hang.

    Args:
        seconds: The time; 0 for no end.
        interval: Seconds between looks.
        end: Called when the time is over, in the thread: has to end what is waited for.
    """

    def __init__(self, seconds: float, interval: float, end: Callable[[], None]) -> None:
        self.seconds = seconds
        self.interval = interval
        self.is_over = False
        self._end = end
        self._num_fetches = 0
        self._is_fetching = False
        self._closed = threading.Event()
        self._thread: threading.Thread | None = None
        if seconds:
            self._thread = threading.Thread(target=self._look_on, daemon=True, name="argus_fetch")
            self._thread.start()

    def __enter__(self) -> None:
        self._num_fetches += 1
        self._is_fetching = True

    def __exit__(self, *_: object) -> None:
        self._is_fetching = False

    def close(self) -> None:
        """End the thread, which does not take long: it waits, or kills processes."""
        self._closed.set()
        if self._thread is not None:
            self._thread.join(self.interval)

    def _look_on(self) -> None:
        number, num_looks = 0, 0
        while not self._closed.wait(self.interval):
            is_same = self._is_fetching and number == self._num_fetches
            number, num_looks = self._num_fetches, num_looks + 1 if is_same else 0
            if num_looks * self.interval >= self.seconds:
                self.is_over = True
                return self._end()
