"""The folder of uploads and examples, which is gone when the server is."""

import functools
import os
import re
import shutil
import tempfile
from pathlib import Path

_PREFIX = "argus-page-"
_NAME = re.compile(rf"{_PREFIX}(\d+)-\w+")


@functools.cache
def make_folder() -> "tempfile.TemporaryDirectory[str]":
    """Where uploads and examples lie until this process ends.

    Gradio's default is a folder that all users of a machine share; it has one for all pages of a
    process. What a killed server left is deleted first.
    """
    remove_leftovers(Path(tempfile.gettempdir()))
    prefix = f"{_PREFIX}{os.getpid()}-"
    folder = tempfile.TemporaryDirectory(prefix=prefix, ignore_cleanup_errors=True)
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
        match = _NAME.fullmatch(path.name)
        if match is None or path.is_symlink() or not path.is_dir():
            continue
        if path.stat().st_uid == os.getuid() and not _is_running(int(match[1])):
            shutil.rmtree(path, ignore_errors=True)
            found.append(path)
    return found


def _is_running(process: int) -> bool:
    try:
        os.kill(process, 0)
    except (ProcessLookupError, OverflowError):
        return False
    except PermissionError:
        return True
    return True
