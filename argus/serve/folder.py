"""The folder of uploads and examples, which is gone when the server is."""

import fcntl
import functools
import os
import shutil
import tempfile
from pathlib import Path

_PREFIX = "argus-page-"
_LOCK = ".argus-page-lock"


@functools.cache
def make_folder() -> "tempfile.TemporaryDirectory[str]":
    """Where uploads and examples lie until this process ends.

    Gradio's default is a folder that all users of a machine share; it has one for all pages of a
    process. What a killed server left is deleted first.
    """
    remove_leftovers(Path(tempfile.gettempdir()))
    folder = tempfile.TemporaryDirectory(prefix=_PREFIX, ignore_cleanup_errors=True)
    # The kernel frees the lock with the process, however it ends; numbers of processes are those of
    # a container, and are given again.
    fcntl.flock(os.open(Path(folder.name) / _LOCK, os.O_CREAT | os.O_RDWR, 0o600), fcntl.LOCK_EX)
    (Path(folder.name) / "uploads").mkdir()
    return folder


def remove_leftovers(parent: Path) -> list[Path]:
    """Delete this user's folders of servers that no longer run.

    Args:
        parent: Where the folders are made.

    Returns:
        What was deleted.
    """
    found = []
    for path in parent.glob(f"{_PREFIX}*"):
        if path.is_symlink() or not path.is_dir() or path.stat().st_uid != os.getuid():
            continue
        if not _is_in_use(path):
            shutil.rmtree(path, ignore_errors=True)
            found.append(path)
    return found


def _is_in_use(folder: Path) -> bool:
    try:
        lock = os.open(folder / _LOCK, os.O_RDWR | os.O_NOFOLLOW)
    except OSError:  # not, or not yet, a server's
        return True
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return True
    finally:
        os.close(lock)
    return False
