"""Writing files so that one that exists is whole, whatever ends the process or the machine.

A file is written under another name in the same folder, brought to the disk, and moved into place;
then the folder is brought to the disk too. Until the move, what was there before is untouched.
"""

import contextlib
import errno
import json
import os
import re
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

_PARTIAL = re.compile(r"\..+\.\d+\.part")
# What file systems answer that cannot bring a folder to the disk, and need not.
_NO_FOLDER_SYNC = (errno.EINVAL, errno.ENOTSUP, errno.EBADF)


@contextlib.contextmanager
def replacing(path: Path, *, writer: int | None = None) -> Iterator[Path]:
    """Path of a temporary file beside ``path`` that takes its place when the block ends well.

    Args:
        path: Of the file.
        writer: Number that no other writer of the file has; by default that of the process, which
            tells writers of one machine apart.

    Raises:
        OSError: If the file cannot be written, brought to the disk or moved; then there is what
            was there before.
    """
    partial = path.with_name(f".{path.name}.{os.getpid() if writer is None else writer}.part")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        yield partial
        sync(partial)
        os.replace(partial, path)
        sync_folder(path.parent)
    finally:
        partial.unlink(missing_ok=True)


def write_text(path: str | Path, text: str) -> None:
    """Write a text file in UTF-8, making its folder."""
    with replacing(Path(path)) as partial:
        partial.write_text(text, encoding="utf-8")


def write_json(path: str | Path, content: Any, *, sort_keys: bool = False) -> None:
    """Write a JSON file for people to read, making its folder."""
    write_text(path, json_text(content, sort_keys=sort_keys))


def json_text(content: Any, *, sort_keys: bool = False) -> str:
    """The text of such a file."""
    return json.dumps(content, indent=2, sort_keys=sort_keys) + "\n"


def remove_leftovers(folder: str | Path) -> list[str]:
    """Remove what killed writers of :func:`replacing`, or of files together, left in a folder.

    Nobody else may be writing there.

    Returns:
        Their names.
    """
    left = [path for path in Path(folder).iterdir() if _PARTIAL.fullmatch(path.name)]
    for path in left:
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path)
        else:
            path.unlink()
    return sorted(path.name for path in left)


def forget_cached(path: Path) -> None:
    """Let the next read of a file that is on the disk come from there, not from memory."""
    if hasattr(os, "posix_fadvise"):
        with _opened(path) as descriptor:
            os.posix_fadvise(descriptor, 0, 0, os.POSIX_FADV_DONTNEED)


def sync(path: Path) -> None:
    """Bring a file to the disk."""
    with _opened(path) as descriptor:
        os.fsync(descriptor)


def sync_folder(path: Path) -> None:
    """Bring to the disk which files a folder has, where its file system can."""
    try:
        sync(path)
    except OSError as error:
        if error.errno not in _NO_FOLDER_SYNC:
            raise


@contextlib.contextmanager
def _opened(path: Path) -> Iterator[int]:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        yield descriptor
    finally:
        os.close(descriptor)
