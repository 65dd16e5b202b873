"""OpenCV's threads, kept from starting where loader processes are forked later."""

import contextlib
from collections.abc import Iterator

import cv2


@contextlib.contextmanager
def without_threads_of_opencv() -> Iterator[None]:
    """Keep OpenCV's threads from starting here: loader processes forked later would wait for them.

    For ever, since threads do not survive a fork.
    """
    number = cv2.getNumThreads()
    cv2.setNumThreads(0)
    try:
        yield
    finally:
        cv2.setNumThreads(number)
