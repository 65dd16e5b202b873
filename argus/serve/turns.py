"""The line in front of the model: one request runs, the others wait in the order of arrival."""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from argus.names.wording import counted

IsGone = Callable[[], bool]
_POLL_SECONDS = 0.1


class BusyError(RuntimeError):
    """The line is full, or a turn did not come in time."""


class GoneError(RuntimeError):
    """The client has left; nobody reads the answer."""


class Turns:
    """A line of bounded length.

    Args:
        max_waiting: Requests in the line, with the one that runs.
        max_wait_seconds: Until a turn comes.
    """

    def __init__(self, *, max_waiting: int, max_wait_seconds: float) -> None:
        self.max_waiting = max_waiting
        self.max_wait_seconds = max_wait_seconds
        self._line: list[object] = []
        self._moved = threading.Condition()

    def __len__(self) -> int:
        """Requests in the line."""
        return len(self._line)

    @contextmanager
    def place(self) -> Iterator[Callable[[IsGone], None]]:
        """A place in the line, held to the end of the block.

        Yields:
            Waits for the turn, which lasts to the end of the block, too; raises
            :class:`GoneError` if the client leaves before, :class:`BusyError` if it takes too long.

        Raises:
            BusyError: There is no place.
        """
        place = object()
        with self._moved:
            if len(self._line) >= self.max_waiting:
                raise BusyError(
                    f"{counted(self.max_waiting, 'request waits', 'requests wait')} already; try "
                    "again in a moment."
                )
            self._line.append(place)
        try:
            yield lambda is_gone: self._wait(place, is_gone)
        finally:
            with self._moved:
                self._line.remove(place)
                self._moved.notify_all()

    def _wait(self, place: object, is_gone: IsGone) -> None:
        deadline = time.monotonic() + self.max_wait_seconds
        with self._moved:
            while self._line[0] is not place:
                if is_gone():
                    raise GoneError("the client left while it waited")
                if time.monotonic() > deadline:
                    raise BusyError(
                        f"The turn did not come within {self.max_wait_seconds:g} s; "
                        "try again later."
                    )
                self._moved.wait(_POLL_SECONDS)
        if is_gone():
            raise GoneError("the client left before its turn")
