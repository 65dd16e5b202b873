"""Memory that was freed goes back to the system, so that processes do not count it as theirs."""

import contextlib
import ctypes


def give_back_memory() -> None:
    """Give back what the C library keeps of many small pieces; other libraries than glibc: nothing.

    It keeps them for the next ones; after an annotation file was read there are none.
    """
    with contextlib.suppress(OSError, AttributeError):
        ctypes.CDLL(None).malloc_trim(0)
