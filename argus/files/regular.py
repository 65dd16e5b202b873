"""Files from outside, opened only if they are files.

A path may name a pipe that nobody writes to, or a device without an end: it is looked at first.
"""

import os
import stat
from pathlib import Path

from argus.errors import DataError

MAX_FILE_BYTES = 2**31


def read_regular_file(path: str | Path) -> bytes:
    """Read a file that is neither a folder, a pipe, a socket nor a device.

    Args:
        path: The file; a link to one is followed.

    Raises:
        DataError: It is no regular file, or has more than :data:`MAX_FILE_BYTES`.
        OSError: It is missing or cannot be read.
    """
    check_regular_file(path)
    # Between the two looks a pipe may take its place: opening one must not wait for its writer.
    descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    with os.fdopen(descriptor, "rb") as file:
        found = os.fstat(descriptor)
        _check_regular(found.st_mode, path)
        if found.st_size > MAX_FILE_BYTES:
            raise too_many_bytes(path)
        # As much memory as is asked for is taken at once, however small the file is.
        return file.read(found.st_size)


def too_many_bytes(path: str | Path) -> DataError:
    """The error of a file that is larger than any picture."""
    return DataError(f"{path}: larger than {MAX_FILE_BYTES:,} bytes; pictures are smaller")


def check_regular_file(path: str | Path) -> None:
    """Raise for a path that a library will open and that is no regular file.

    Raises:
        DataError: It is a folder, a pipe, a socket or a device.
        OSError: It is missing.
    """
    try:
        mode = os.stat(path).st_mode
    except ValueError as error:  # a NUL in it
        raise DataError(f"{str(path)!r:.200}: no name of a file ({error})") from error
    _check_regular(mode, path)


def _check_regular(mode: int, path: str | Path) -> None:
    if stat.S_ISREG(mode):
        return
    kinds = (
        (stat.S_ISDIR, "a folder"),
        (stat.S_ISFIFO, "a pipe"),
        (stat.S_ISSOCK, "a socket"),
    )
    kind = next((name for is_kind, name in kinds if is_kind(mode)), "a device")
    raise DataError(f"{path}: {kind}, not a regular file; it is not read")
