"""Where a name of a download may lead: below the target, or nowhere.

Names come from archives and from the lists inside them. Every path that a conversion reads or
writes because of one is made here.
"""

import functools
import os
import re
from pathlib import Path, PurePosixPath

from argus.errors import DataError

# File systems take 255 bytes; a file is written as ".<name>.partial" first, and ".png" may follow.
_MAX_PART = 255 - len(".") - len(".partial") - len(".png")
_MAX_PATH = 4000
_UNPRINTABLE = re.compile(r"[\x00-\x1f\x7f]")
_DRIVE = re.compile(r"[A-Za-z]:")


def below(folder: Path, name: str, *, said_by: str) -> Path:
    """The path of a name below a folder.

    Args:
        folder: That nothing may leave.
        name: Relative path with ``/``.
        said_by: Who says the name, for the message: an archive, or a list and its line.

    Raises:
        DataError: The name is no path below the folder, or a link there leads out of it.
    """
    path = folder / checked_name(name, said_by=said_by)
    if len(os.fsencode(path)) > _MAX_PATH:
        raise DataError(f"{said_by}: the path of {_shown(name)} has over {_MAX_PATH:,} bytes.")
    if not _stays_inside(str(folder), str(path.parent)):
        raise DataError(
            f"{said_by}: {_shown(name)} would be written outside the target folder, since "
            f"{path.parent} leads out of {folder} by a link. Remove the link, or give the folder "
            "it leads to as the target."
        )
    return path


def checked_name(name: str, *, said_by: str, parts: int | None = None) -> str:
    """A relative path that stays below any folder, without ``./``.

    Args:
        name: The name as it is said.
        said_by: As for :func:`below`.
        parts: How many folders and names it must have; any number by default.

    Raises:
        DataError: The name is empty, absolute, climbs, holds what no file name holds, or is too
            long for a file system.
    """
    path = PurePosixPath(name)
    if (
        not path.parts
        or path.is_absolute()
        or ".." in path.parts
        or "\\" in name
        or _DRIVE.match(name)
        or _UNPRINTABLE.search(name)
        or (parts is not None and len(path.parts) != parts)
    ):
        raise DataError(
            f"{said_by}: the name {_shown(name)} would be written outside the target folder, or is "
            "no file name, so this is not what the owner of the data published. Nothing of it was "
            "written; download it again."
        )
    try:
        longest = max(len(os.fsencode(part)) for part in path.parts)
    except UnicodeEncodeError as error:
        raise DataError(f"{said_by}: {_shown(name)} cannot be the name of a file.") from error
    if longest > _MAX_PART:
        raise DataError(
            f"{said_by}: the name {_shown(name)} has a part of {longest:,} bytes; file systems "
            f"take {_MAX_PART} here. Is this the file that was published?"
        )
    return str(path)


def _shown(name: str) -> str:
    text = repr(name)
    return text if len(text) <= 80 else f"{text[:77]}..."


@functools.lru_cache(maxsize=4096)
def _stays_inside(folder: str, parent: str) -> bool:
    root, found = os.path.realpath(folder), os.path.realpath(parent)
    return os.path.commonpath([root, found]) == root
