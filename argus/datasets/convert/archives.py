"""The files of a download, be it a folder, an archive, or a folder of archives.

An archive inside an archive is looked into as well (ImageNet's training set is an archive of one
archive per class). Nothing is unpacked outside the folder asked for: a member whose name is
absolute or climbs out by ``..`` is an error; links and devices are passed over. How much may come
out of an archive is bounded by its size (``listings.py``).
"""

import dataclasses
import os
import re
from collections.abc import Callable, Iterator
from pathlib import Path, PurePosixPath
from typing import IO

from argus.datasets.convert.listings import Expansion, Member, readable, tar_members, zip_members
from argus.datasets.convert.places import below
from argus.datasets.convert.whole_files import is_there, place, write_chunks
from argus.datasets.convert.work import Progress
from argus.errors import DataError
from argus.files.foreign import is_clutter

_ARCHIVE = re.compile(r"\.(zip|tar|tgz|tar\.(gz|xz|bz2))$", re.IGNORECASE)
_MAX_DEPTH = 3


def is_archive(name: str) -> bool:
    """Whether a file is an archive, by its name."""
    return _ARCHIVE.search(name) is not None


def stem_of(name: str) -> str:
    """Name of an archive without folders and suffix."""
    return _ARCHIVE.sub("", PurePosixPath(name).name)


def members(source: Path, *, skip: re.Pattern[str] | None = None) -> Iterator[Member]:
    """The files of a download in a fixed order, archives looked into.

    A member of an archive can be opened until the next one is asked for.

    Args:
        source: Folder or archive.
        skip: Archives not to look into, by their file name.

    Raises:
        DataError: The source does not exist, an archive is damaged, or a name is unsafe.
    """
    if source.is_dir():
        for path, name in _walk(source):
            if is_archive(name):
                if not (skip and skip.search(path.name)):
                    yield from _members_of_archive(path)
            else:
                yield _plain(path, name)
    elif not source.exists():
        raise DataError(f"{source} does not exist; give the folder or archive that you downloaded.")
    elif is_archive(source.name):
        if not (skip and skip.search(source.name)):
            yield from _members_of_archive(source)
    else:
        yield _plain(source, source.name)


def _plain(path: Path, name: str) -> Member:
    return Member(name, path.stat().st_size, lambda: open(path, "rb"), str(path), path)


def _walk(folder: Path) -> Iterator[tuple[Path, str]]:
    for root, folders, files in os.walk(folder, followlinks=True):
        folders[:] = sorted(f for f in folders if not is_clutter(f))
        for file in sorted(files):
            path = Path(root, file)
            if not is_clutter(file) and path.is_file():
                yield path, path.relative_to(folder).as_posix()


def _members_of_archive(path: Path) -> Iterator[Member]:
    with readable(str(path)), open(path, "rb") as file:
        expansion = Expansion(str(path), path.stat().st_size)
        yield from _look_into(file, path.name, "", expansion, 1)


def _look_into(
    stream: IO[bytes], name: str, prefix: str, expansion: Expansion, depth: int
) -> Iterator[Member]:
    origin = expansion.origin
    if depth > _MAX_DEPTH:
        raise DataError(
            f"{origin}: it holds archives in archives, more than {_MAX_DEPTH} deep, as no public "
            "download does. Unpack it yourself and give the folder."
        )
    listing = zip_members if name.lower().endswith(".zip") else tar_members
    for member in listing(stream, origin, expansion):
        if any(is_clutter(part) for part in member.parts):
            continue
        full = f"{prefix}{member.name}"
        if is_archive(member.name):
            folder = PurePosixPath(full).with_name(stem_of(full))
            with member.open() as nested:
                yield from _look_into(nested, member.name, f"{folder}/", expansion, depth + 1)
        else:
            yield dataclasses.replace(member, name=full)


def extract(
    source: Path,
    out: Path,
    target: Callable[[Member], str | None],
    *,
    title: str,
    skip: re.Pattern[str] | None = None,
) -> int:
    """Bring the files of a download to their places; those already there are left as they are.

    Args:
        source: Folder or archive.
        out: Folder that nothing may leave.
        target: Path of a member below ``out``, or ``None`` where it is not needed.
        title: For the progress.
        skip: Archives not to look into.

    Returns:
        Number of files that have a place, new or old.

    Raises:
        DataError: The source is damaged, or a name leads out of ``out``.
    """
    number = 0
    with Progress(title) as progress:
        for member in members(source, skip=skip):
            name = target(member)
            if name is None:
                continue
            path = below(out, name, said_by=member.origin)
            if not is_there(path, member.size):
                if member.path is not None:
                    place(path, member.path)
                else:
                    write_chunks(path, member.chunks(), member.size)
            number += 1
            progress.step()
    return number


def unpacked(source: Path, folder: Path, *, title: str) -> Path:
    """A folder with the content of a download: itself if it is one, else unpacked into ``folder``.

    For conversions that read several files at once. What was unpacked before is not read again.
    """
    if source.is_dir() and not any(is_archive(name) for name in os.listdir(source)):
        return source
    extract(source, folder, lambda member: member.name, title=title)
    return folder
