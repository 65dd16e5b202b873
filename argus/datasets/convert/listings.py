"""What one archive holds: its files by name, with what is unsafe in it refused.

An archive of a few kilobytes may unpack to terabytes. So what comes out of a download is counted
while it is read, and ends at a multiple of what went in that no archive of pictures reaches.
"""

import bz2
import contextlib
import gzip
import io
import lzma
import stat
import tarfile
import zipfile
from collections.abc import Callable, Container, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path, PurePosixPath
from typing import IO

from argus.datasets.convert.places import checked_name
from argus.errors import DataError

_CHUNK = 1 << 20
_MAX_EXPANSION = 200
_ALWAYS_ALLOWED = 1 << 30
_MAX_IN_MEMORY = 1 << 28
_MAX_HEADER = 1 << 24
_METHODS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA)
_ENCRYPTED = 1


class Expansion:
    """How much may come out of a download.

    Args:
        origin: The outermost archive, for messages.
        size: Its bytes.
    """

    def __init__(self, origin: str, size: int) -> None:
        self.origin = origin
        self.size = size
        self.limit = max(_ALWAYS_ALLOWED, _MAX_EXPANSION * size)
        self.used = 0

    def check(self, number: int) -> None:
        """Refuse so many bytes of one file.

        Raises:
            DataError: They are more than the archive may hold.
        """
        if number < 0:
            raise DataError(_damaged(self.origin, ValueError(f"a file of {number} bytes")))
        if number > self.limit:
            raise DataError(
                f"{self.origin}: its {self.size:,} bytes unpack to more than {self.limit:,}, as no "
                "archive of pictures does; it is not unpacked. Download it again."
            )

    def use(self, number: int) -> None:
        """Count bytes that came out.

        Raises:
            DataError: They are more than the archive may hold.
        """
        self.used += number
        self.check(self.used)


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
        expansion: Counts what comes out of its archive.
    """

    name: str
    size: int
    open: Callable[[], IO[bytes]]
    origin: str
    path: Path | None = None
    expansion: Expansion | None = None

    @property
    def parts(self) -> tuple[str, ...]:
        """Folders and file name."""
        return PurePosixPath(self.name).parts

    def chunks(self) -> Iterator[bytes]:
        """The content, piece by piece.

        Raises:
            DataError: The archive is damaged, or unpacks to more than it may.
        """
        with readable(self.origin), self.open() as stream:
            while chunk := stream.read(_CHUNK):
                if self.expansion is not None:
                    self.expansion.use(len(chunk))
                yield chunk

    def read(self) -> bytes:
        """The whole content of a small file, such as a list.

        Raises:
            DataError: The archive is damaged, or the file is too large for a list.
        """
        if self.size > _MAX_IN_MEMORY:
            raise DataError(
                f"{self.origin}: {self.name} has {self.size:,} bytes; expected at most "
                f"{_MAX_IN_MEMORY:,} of a list."
            )
        return b"".join(self.chunks())

    def text(self) -> str:
        """The content of a list.

        Raises:
            DataError: As :meth:`read`; or it is no UTF-8 text.
        """
        try:
            return self.read().decode()
        except UnicodeDecodeError as error:
            raise DataError(f"{self.origin}: {self.name} is no text ({error}).") from error


@contextlib.contextmanager
def readable(origin: str) -> Iterator[None]:
    """What reading a damaged archive raises, as one sentence."""
    try:
        yield
    except DataError:
        raise
    except OSError as error:
        if error.errno is None:  # not of the system, but of gzip or bz2
            raise DataError(_damaged(origin, error)) from error
        raise DataError(f"cannot read {origin}: {error.strerror or error}.") from error
    except Exception as error:  # noqa: BLE001 - the readers of headers trust the numbers in them
        raise DataError(_damaged(origin, error)) from error


def _damaged(origin: str, error: Exception) -> str:
    text = str(error) or type(error).__name__
    return f"{origin}: the archive is damaged or not complete ({text}); download it again."


def zip_members(stream: IO[bytes], origin: str, expansion: Expansion) -> Iterator[Member]:
    """The files of a ZIP archive; links are passed over.

    Raises:
        DataError: A name is unsafe or comes twice, or a file is encrypted or packed in a way that
            cannot be read.
    """
    with zipfile.ZipFile(stream) as archive:
        found: dict[str, zipfile.ZipInfo] = {}
        for info in archive.infolist():
            if info.is_dir() or stat.S_ISLNK(info.external_attr >> 16):
                continue
            name = _new_name(info.filename, found, origin)
            if info.flag_bits & _ENCRYPTED:
                raise DataError(
                    f"{origin}: {name} is encrypted, as no public download is. Unpack the archive "
                    "yourself and give the folder."
                )
            if info.compress_type not in _METHODS:
                raise DataError(
                    f"{origin}: {name} is packed by method {info.compress_type}, which Python does "
                    "not read. Unpack the archive yourself and give the folder."
                )
            expansion.check(info.file_size)
            found[name] = info
        for name, info in found.items():
            opened = partial(archive.open, info)
            yield Member(name, info.file_size, opened, origin, expansion=expansion)


def tar_members(stream: IO[bytes], origin: str, expansion: Expansion) -> Iterator[Member]:
    """The files of a tar archive, packed or not; links and devices are passed over.

    Raises:
        DataError: A name is unsafe or comes twice, or a file is a hard link to an earlier one.
    """
    with _unpacked(stream) as plain, _Metered(plain, expansion) as metered:
        with tarfile.open(fileobj=metered, mode="r:") as archive:
            names: set[str] = set()
            for info in archive:
                # Or it would keep the header of every file there is.
                archive.members.clear()  # type: ignore[attr-defined]
                if info.isfile():
                    name = _new_name(info.name, names, origin)
                    names.add(name)
                    expansion.check(info.size)
                    opened = partial(_tar_file, archive, info)
                    yield Member(name, info.size, opened, origin, expansion=expansion)
                elif info.islnk() and info.linkname.removeprefix("./") in names:
                    raise DataError(
                        f"{origin}: {info.name!r:.80} is no file but a hard link to "
                        f"{info.linkname!r:.80}, which tar writes for a file that it has met "
                        "before. Unpack the archive with tar and give the folder."
                    )


def _new_name(name: str, names: Container[str], origin: str) -> str:
    checked = checked_name(name, said_by=origin)
    if checked in names:
        raise DataError(
            f"{origin}: it holds {checked!r:.80} twice, so one of them would be lost; this is not "
            "the archive its owner published. Download it again."
        )
    return checked


def _tar_file(archive: tarfile.TarFile, info: tarfile.TarInfo) -> IO[bytes]:
    file = archive.extractfile(info)
    assert file is not None, info.name
    return file


@contextlib.contextmanager
def _unpacked(stream: IO[bytes]) -> Iterator[IO[bytes]]:
    """The tar archive inside gzip, bzip2 or xz, by its first bytes."""
    head = stream.read(6)
    stream.seek(0)
    if head.startswith(b"\x1f\x8b"):
        with gzip.GzipFile(fileobj=stream) as unpacked:
            yield unpacked  # type: ignore[misc]
    elif head.startswith(b"BZh"):
        with bz2.BZ2File(stream) as unpacked:
            yield unpacked
    elif head.startswith(b"\xfd7zXZ\0"):
        with lzma.LZMAFile(stream) as unpacked:
            yield unpacked
    else:
        yield stream


class _Metered(io.RawIOBase):
    """A tar archive as a stream whose length and whose single reads are bounded.

    A header may declare a comment of any length, which would be read at once.
    """

    def __init__(self, stream: IO[bytes], expansion: Expansion) -> None:
        super().__init__()
        self._stream = stream
        self._expansion = expansion

    def readable(self) -> bool:
        """It is."""
        return True

    def seekable(self) -> bool:
        """Forwards at least."""
        return True

    def read(self, size: int = -1) -> bytes:
        """At most ``size`` bytes."""
        if not 0 <= size <= _MAX_HEADER:
            raise tarfile.ReadError(f"a header of {size:,} bytes")
        content = self._stream.read(size)
        self._expansion.check(self._stream.tell())
        return content

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]
        """Fill a buffer."""
        content = self.read(len(buffer))
        buffer[: len(content)] = content
        return len(content)

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        """Go to a place."""
        if whence == io.SEEK_SET:
            self._expansion.check(offset)
        return self._stream.seek(offset, whence)

    def tell(self) -> int:
        """The place."""
        return self._stream.tell()
