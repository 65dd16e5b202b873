"""The files of a download, be it a folder, an archive, or a folder of archives.

An archive inside an archive is looked into as well (ImageNet's training set is an archive of one
archive per class). Nothing is unpacked outside the folder asked for: a member whose name is
absolute or climbs out by ``..`` is an error; links and devices are passed over.
"""

import contextlib
import gzip
import lzma
import os
import re
import tarfile
import zipfile
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path, PurePosixPath
from typing import IO

from argus.datasets.convert.files import is_there, place, write_chunks
from argus.datasets.convert.work import Progress
from argus.errors import DataError

_ARCHIVE = re.compile(r"\.(zip|tar|tgz|tar\.(gz|xz|bz2))$", re.IGNORECASE)
_DAMAGED = (
    zipfile.BadZipFile,
    tarfile.TarError,
    gzip.BadGzipFile,
    zlib.error,
    lzma.LZMAError,
    EOFError,
)
_CHUNK = 1 << 20


@dataclass(frozen=True)
class Member:
    """A file of a download.

    Args:
        name: Path below the source, with ``/``; in an archive inside an archive, below a folder of
            the inner one's name.
        size: Bytes.
        open: Opens it for reading.
        origin: The folder or outermost archive it is in, for messages.
        path: Where it lies, if it is not in an archive.
    """

    name: str
    size: int
    open: Callable[[], IO[bytes]]
    origin: str
    path: Path | None = None

    @property
    def parts(self) -> tuple[str, ...]:
        """Folders and file name."""
        return PurePosixPath(self.name).parts

    def chunks(self) -> Iterator[bytes]:
        """The content, piece by piece.

        Raises:
            DataError: The archive is damaged.
        """
        with _readable(self.origin), self.open() as stream:
            while chunk := stream.read(_CHUNK):
                yield chunk

    def read(self) -> bytes:
        """The whole content.

        Raises:
            DataError: The archive is damaged.
        """
        return b"".join(self.chunks())


@contextlib.contextmanager
def _readable(origin: str) -> Iterator[None]:
    try:
        yield
    except _DAMAGED as error:
        raise DataError(
            f"{origin}: the archive is damaged or not complete ({error}); download it again."
        ) from error
    except OSError as error:
        raise DataError(f"cannot read {origin}: {error.strerror or error}.") from error


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
        yield from _members_of_archive(source)
    else:
        yield _plain(source, source.name)


def _plain(path: Path, name: str) -> Member:
    return Member(name, path.stat().st_size, lambda: open(path, "rb"), str(path), path)


def _walk(folder: Path) -> Iterator[tuple[Path, str]]:
    for root, folders, files in os.walk(folder, followlinks=True):
        folders[:] = sorted(f for f in folders if not _is_junk(f))
        for file in sorted(files):
            path = Path(root, file)
            if not _is_junk(file) and path.is_file():
                yield path, path.relative_to(folder).as_posix()


def _is_junk(name: str) -> bool:
    """Hidden files, what a killed run left, and what macOS puts into archives."""
    return name.startswith(".") or name == "__MACOSX"


def _members_of_archive(path: Path) -> Iterator[Member]:
    with _readable(str(path)), open(path, "rb") as file:
        yield from _look_into(file, path.name, "", str(path))


def _look_into(stream: IO[bytes], name: str, prefix: str, origin: str) -> Iterator[Member]:
    listing = _zip_members if name.lower().endswith(".zip") else _tar_members
    for member in listing(stream, origin):
        if any(_is_junk(part) for part in member.parts):
            continue
        full = f"{prefix}{member.name}"
        if is_archive(member.name):
            folder = PurePosixPath(full).with_name(stem_of(full))
            with member.open() as nested:
                yield from _look_into(nested, member.name, f"{folder}/", origin)
        else:
            yield Member(full, member.size, member.open, origin)


def _zip_members(stream: IO[bytes], origin: str) -> Iterator[Member]:
    with zipfile.ZipFile(stream) as archive:
        for info in archive.infolist():
            if not info.is_dir():
                name = safe_name(info.filename, origin)
                yield Member(name, info.file_size, partial(archive.open, info), origin)


def _tar_members(stream: IO[bytes], origin: str) -> Iterator[Member]:
    with tarfile.open(fileobj=stream, mode="r:*") as archive:
        for info in archive:
            if info.isfile():
                name = safe_name(info.name, origin)
                yield Member(name, info.size, partial(_tar_file, archive, info), origin)


def _tar_file(archive: tarfile.TarFile, info: tarfile.TarInfo) -> IO[bytes]:
    file = archive.extractfile(info)
    assert file is not None, info.name
    return file


def safe_name(name: str, archive: str) -> str:
    """The name of an archive's member, without leading ``./``.

    Raises:
        DataError: The name leads out of the folder that the archive is unpacked into.
    """
    path = PurePosixPath(name)
    if path.is_absolute() or ".." in path.parts or "\\" in name or re.match(r"[A-Za-z]:", name):
        raise DataError(
            f"{archive}: the member {name!r} would be written outside the target folder, so this "
            "is not the archive its owner published. Nothing of it was written; download it again."
        )
    return str(path)


def extract(
    source: Path,
    target: Callable[[Member], Path | None],
    *,
    title: str,
    skip: re.Pattern[str] | None = None,
) -> int:
    """Bring the files of a download to their places; those already there are left as they are.

    Args:
        source: Folder or archive.
        target: Place of a member, or ``None`` where it is not needed.
        title: For the progress.
        skip: Archives not to look into.

    Returns:
        Number of files that have a place, new or old.
    """
    number = 0
    with Progress(title) as progress:
        for member in members(source, skip=skip):
            path = target(member)
            if path is None:
                continue
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
    extract(source, lambda member: folder / member.name, title=title)
    return folder
