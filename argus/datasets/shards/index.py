"""Where everything in a tar file lies: its headers read once, and kept beside it.

A tar file has no table of contents. Its headers are read from the first to the last, without the
contents between them, and what they say is stored in ``.NAME.index.npz`` beside the file, which
counts as long as the file's size and time are those it was made of. Where nothing can be written it
is stored in the user's cache (``$XDG_CACHE_HOME/argus/shards``).
"""

import hashlib
import os
import tarfile
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np

from argus.datasets.shards.members import split_name
from argus.errors import DataError
from argus.files.durable import replacing
from argus.files.foreign import raise_if_foreign
from argus.files.regular import check_regular_file

MAX_MEMBERS = 5_000_000
_MAX_HEADER_BYTES = 2**20
_VERSION = 1
_BLOCK = 512
_END = b"\0" * _BLOCK


@dataclass(frozen=True, kw_only=True)
class ShardIndex:
    """What a shard holds.

    Args:
        names: (N,) bytes, the keys of its samples in UTF-8, in their order; in one piece, since
            readers keep many of these.
        kinds: Of members, such as ``jpg``; ``kind_of`` gives the places.
        first: (N + 1,) int64, the first member of each sample, and the number of all.
        kind_of: (M,) int32.
        offset: (M,) int64 bytes.
        size: (M,) int64 bytes.
        fault: What is wrong with the file as a whole; empty for nothing.
    """

    names: np.ndarray
    kinds: tuple[str, ...]
    first: np.ndarray
    kind_of: np.ndarray
    offset: np.ndarray
    size: np.ndarray
    fault: str = ""

    def __len__(self) -> int:
        return len(self.names)

    def key(self, place: int) -> str:
        """The key of a sample."""
        return bytes(self.names[place]).decode("utf-8", "surrogateescape")

    @property
    def keys(self) -> tuple[str, ...]:
        """Those of all samples."""
        return tuple(self.key(place) for place in range(len(self)))

    def has_keys_of(self, other: "ShardIndex") -> bool:
        """Whether the samples of both have the same keys in the same order."""
        return np.array_equal(self.names, other.names)

    def members(self, place: int) -> dict[str, tuple[int, int]]:
        """Offset and size of the members of a sample, by kind."""
        rows = range(int(self.first[place]), int(self.first[place + 1]))
        return {
            self.kinds[self.kind_of[row]]: (int(self.offset[row]), int(self.size[row]))
            for row in rows
        }


def read_index(path: Path) -> ShardIndex:
    """The index of a tar file: the stored one, or a new one, which is stored.

    Raises:
        DataError: It is missing, compressed, or no tar file.
    """
    try:
        check_regular_file(path)
        status = path.stat()
    except OSError as error:
        raise DataError(f"{path}: cannot be read: {error.strerror or error}.") from error
    stamp = np.array([_VERSION, status.st_size, status.st_mtime_ns], np.int64)
    for place in places_of(path):
        found = _stored(place, stamp)
        if found is not None:
            return found
    found = scan(path)
    for place in places_of(path):
        try:
            with replacing(place) as partial, open(partial, "wb") as file:
                np.savez(file, stamp=stamp, **_arrays(found))
        except OSError:  # a folder of others, or a full disk: it is made anew next time
            continue
        break
    return found


def places_of(path: Path) -> tuple[Path, Path]:
    """The files that the index of a shard may be kept in, the first that can be written."""
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    name = hashlib.sha256(os.fsencode(path.absolute())).hexdigest()
    return path.with_name(f".{path.name}.index.npz"), cache / f"argus/shards/{name}.npz"


def scan(path: Path) -> ShardIndex:
    """Read the headers of a tar file.

    Folders, links and devices are passed over, and so are names that no sample has. A hard link to
    an earlier member, which tar writes for a file that it has met before, is that member's content.
    What a file that ends too early still names is in the index, and fails when it is read.

    Raises:
        DataError: It is compressed, no tar file, or has too many members.
    """
    keys: list[str] = []
    kinds: dict[str, int] = {}
    first: list[int] = []
    rows: list[tuple[int, int, int]] = []
    fault = ""
    contents: dict[str, tuple[int, int]] = {}
    with open(path, "rb") as file:
        total = path.stat().st_size
        head = file.read(_BLOCK)
        _check_head(head, path)
        file.seek(0)
        try:
            for entry in _entries(file):
                if entry.type == tarfile.LNKTYPE:
                    content = contents.get(entry.linkname)
                else:
                    content = contents[entry.name] = (entry.offset_data, entry.size)
                named = split_name(entry.name)
                if named is None or content is None:
                    continue
                key, kind = named
                if not keys or key != keys[-1]:
                    keys.append(key)
                    first.append(len(rows))
                place = kinds.setdefault(kind, len(kinds))
                if any(row[0] == place for row in rows[first[-1] :]):
                    raise DataError(f"{path}: {entry.name!r:.100} is in it twice in a row.")
                rows.append((place, *content))
                if len(rows) > MAX_MEMBERS:
                    raise DataError(f"{path}: more than {MAX_MEMBERS:,} members; split it.")
                if sum(content) > total:
                    fault = "it ends in the midst of a sample"
        except DataError:
            raise
        except (tarfile.TarError, EOFError, ValueError, OverflowError) as error:
            fault = f"it cannot be read to its end ({type(error).__name__}: {error})"
        if not fault and not _has_end(file, total):
            fault = "it has no end mark"
    table = np.array(rows, np.int64).reshape(-1, 3)
    return ShardIndex(
        names=np.array([key.encode("utf-8", "surrogateescape") for key in keys], np.bytes_),
        kinds=tuple(kinds),
        first=np.array([*first, len(rows)], np.int64),
        kind_of=table[:, 0].astype(np.int32),
        offset=table[:, 1],
        size=table[:, 2],
        fault=fault,
    )


def _check_head(head: bytes, path: Path) -> None:
    raise_if_foreign(head, path)
    for start, name in ((b"\x1f\x8b", "gzip"), (b"BZh", "bzip2"), (b"\xfd7zXZ", "xz")):
        if head.startswith(start):
            raise DataError(
                f"{path}: compressed by {name}, so that no sample can be read without all before "
                "it: unpack it to a plain .tar. Pictures do not get smaller by it."
            )
    if head != _END and head[257:262] != b"ustar" and len(head) == _BLOCK:
        try:
            tarfile.TarInfo.frombuf(head, "utf-8", "surrogateescape")
        except tarfile.TarError as error:
            raise DataError(f"{path}: no tar file ({error}).") from error


def _entries(file: BinaryIO) -> Iterator[tarfile.TarInfo]:
    """Headers of regular files and of hard links."""
    sparing: Any = _Sparing(file)
    with tarfile.open(fileobj=sparing, mode="r:") as tar:
        while (entry := tar.next()) is not None:
            tar.members = []  # type: ignore[attr-defined]  # it would keep all of them
            kinds = (tarfile.REGTYPE, tarfile.AREGTYPE, tarfile.LNKTYPE)
            if entry.type in kinds and entry.sparse is None:
                yield entry


class _Sparing:
    """A file that gives no more at a time than headers have: their sizes are stated by the file."""

    def __init__(self, file: BinaryIO) -> None:
        self.seek, self.tell, self._file = file.seek, file.tell, file

    def read(self, size: int) -> bytes:
        """As ``read`` of files."""
        if size > _MAX_HEADER_BYTES:
            raise tarfile.ReadError(f"a header of {size:,} bytes")
        return self._file.read(size)


def _has_end(file: BinaryIO, total: int) -> bool:
    file.seek(max(total - _BLOCK, 0))
    return file.read(_BLOCK) == _END


def _arrays(index: ShardIndex) -> dict[str, Any]:
    return dict(
        names=index.names,
        kinds=np.array(index.kinds, np.str_),
        first=index.first,
        kind_of=index.kind_of,
        offset=index.offset,
        size=index.size,
        fault=np.array(index.fault),
    )


def _stored(path: Path, stamp: np.ndarray) -> ShardIndex | None:
    try:
        with np.load(path, allow_pickle=False) as found:
            if not np.array_equal(found["stamp"], stamp):
                return None
            return ShardIndex(
                names=found["names"],
                kinds=tuple(map(str, found["kinds"])),
                first=found["first"],
                kind_of=found["kind_of"],
                offset=found["offset"],
                size=found["size"],
                fault=str(found["fault"]),
            )
    except (OSError, KeyError, ValueError, EOFError, zipfile.BadZipFile):
        return None
