"""Messages of loader processes, read so that one whose sender has died half-way holds nobody up.

multiprocessing waits for the rest of a message for ever: the pipe stays open, since the training
and the other loader processes hold its end for writing too.
"""

import os
import struct
import sys
from multiprocessing.connection import wait
from queue import Empty
from typing import Any

_MOST_BYTES = 2**16  # that a pipe of Linux holds


class MessageReader:
    """Stands in for ``Connection.recv_bytes``, with the same form of messages.

    Args:
        connection: End of a pipe.
        seconds: To wait for the next bytes of a message.
    """

    def __init__(self, connection: Any, seconds: float) -> None:
        self._connection = connection
        self._seconds = seconds
        self._bytes = bytearray()

    def __call__(self) -> memoryview:
        """The next message.

        Raises:
            Empty: Bytes of it are missing; the next call waits for them again.
            EOFError: Nobody can send them any more.
        """
        while missing := self._num_missing():
            if not wait([self._connection], self._seconds):
                raise Empty
            found = os.read(self._connection.fileno(), min(missing, _MOST_BYTES))
            if not found:
                raise EOFError
            self._bytes += found
        head, length = self._form()
        message, self._bytes = memoryview(self._bytes)[head : head + length], bytearray()
        return message

    def _num_missing(self) -> int:
        head, length = self._form()
        return max(head + length - len(self._bytes), 0)

    def _form(self) -> tuple[int, int]:
        """Bytes of the head, and of the body as far as the head has come."""
        size = len(self._bytes)
        if size < 4:
            return 4, 0
        (length,) = struct.unpack_from("!i", self._bytes)
        if length != -1:
            return 4, length
        return 12, struct.unpack_from("!Q", self._bytes, 4)[0] if size >= 12 else 0


def read_in_parts(queue: Any, seconds: float) -> None:
    """Have a multiprocessing queue raise ``Empty`` when the rest of a message does not come."""
    if sys.platform != "win32":  # whose pipes have another form
        queue._recv_bytes = MessageReader(queue._reader, seconds)
