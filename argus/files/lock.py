"""A file or folder that one process holds alone; the system lets go when that ends, anyhow."""

import contextlib
import fcntl
import os
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO


def hold(path: Path, *, needs_locks: bool = True) -> BinaryIO:
    """Open a file for appending, making its folder, and hold it until it is closed.

    Args:
        path: Of the file.
        needs_locks: Whether a disk without locks, as some of a network, is an error.

    Raises:
        BlockingIOError: Another process holds it.
        OSError: It cannot be written, or the disk has no locks.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    file = path.open("ab")
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        if needs_locks or isinstance(error, BlockingIOError):
            file.close()
            raise
    return file


@contextlib.contextmanager
def alone_in(folder: Path) -> Iterator[None]:
    """Keep other writers that ask for it out of a folder, which is made if it is not there.

    A disk without locks keeps nobody out.

    Raises:
        BlockingIOError: Another process is writing there.
        OSError: The folder cannot be made.
    """
    folder.mkdir(parents=True, exist_ok=True)
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise
        except OSError:
            pass
        yield
    finally:
        os.close(descriptor)
