"""A folder of shards as one list of samples, each read by its number."""

import os
from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache
from pathlib import Path

import numpy as np

from argus.datasets.shards.index import ShardIndex, read_index
from argus.errors import DataError
from argus.names.wording import counted

MAX_BYTES = 64 * 2**20
"""Of a member that is read: no picture, text or map of a pretraining is larger."""
MAX_FAULTY_SHARE = 0.01
"""Of shards that may be cut off; what they still hold is used."""
# Of windows of the order, with side-cars; each of 10,000 samples takes 0.7 MB.
_INDICES_KEPT = 256
_FILES_KEPT = 256


class ShardSet:
    """Samples of all shards of a folder, in the order of the shards' names.

    Args:
        folder: With ``*.tar``; or a single shard.

    Attributes:
        paths: Of the shards that have samples.
        notes: What a person should know of them, in sentences without a stop.
        starts: (S + 1,) int64, the number of the first sample of each shard, and that of all.

    Raises:
        DataError: There is no shard or no sample, or too many shards are cut off.
    """

    def __init__(self, folder: str | Path) -> None:
        self.folder = Path(folder)
        forget_files()
        found = shards_in(self.folder)
        sizes: list[int] = []
        self.paths: list[Path] = []
        self.notes: list[str] = []
        faults: list[str] = []
        for path in found:
            index = read_index(path)
            if index.fault:
                faults.append(f"{path.name}: {index.fault}")
            if len(index):
                self.paths.append(path)
                sizes.append(len(index))
        if faults:
            text = (
                f"{counted(len(faults), 'shard')} of {len(found):,} below {self.folder} are not "
                f"whole, and what they lack is lost: {'; '.join(faults[:3])}"
            )
            if len(faults) > MAX_FAULTY_SHARE * len(found):
                raise DataError(f"{text}. Copy or download them again.")
            self.notes.append(text)
        if not sizes:
            raise DataError(f"{self.folder}: {counted(len(found), 'shard')} without any sample.")
        self.starts = np.concatenate([[0], np.cumsum(sizes)]).astype(np.int64)

    def __len__(self) -> int:
        return int(self.starts[-1])

    def place(self, number: int) -> tuple[int, int]:
        """The shard of a sample and its place there."""
        shard = int(np.searchsorted(self.starts, number, side="right")) - 1
        return shard, number - int(self.starts[shard])

    def index(self, shard: int) -> ShardIndex:
        """What a shard holds."""
        return _index(str(self.paths[shard]))

    def key(self, number: int) -> str:
        """The key of a sample."""
        shard, place = self.place(number)
        return self.index(shard).key(place)

    def name(self, number: int) -> str:
        """Shard and key of a sample, for messages."""
        shard, place = self.place(number)
        return f"{self.paths[shard]}:{self.index(shard).key(place)}"

    def read(self, number: int, kinds: Iterable[str] | None = None) -> dict[str, bytes]:
        """Members of a sample.

        Args:
            number: Of the sample.
            kinds: Which of them; all by default.

        Raises:
            DataError: A member is too large, or the file ends in it.
            OSError: The disk does not answer.
        """
        shard, place = self.place(number)
        members = self.index(shard).members(place)
        wanted = members if kinds is None else [kind for kind in kinds if kind in members]
        return read_members(self.paths[shard], {kind: members[kind] for kind in wanted})


class SideCar:
    """Further labels of the samples of a shard set, in shards of the same names with the same keys.

    Args:
        main: The samples.
        folder: With a shard for each of theirs.

    Raises:
        DataError: Shards are missing, or have no keys in common with those of the samples.
    """

    def __init__(self, main: ShardSet, folder: str | Path) -> None:
        self.main = main
        self.folder = Path(folder)
        there = {path.name: path for path in shards_in(self.folder)}
        lacking = [path.name for path in main.paths if path.name not in there]
        if lacking:
            raise DataError(
                f"{self.folder}: {counted(len(lacking), 'shard')} of {len(main.paths):,} below "
                f"{main.folder} have no side-car: {', '.join(lacking[:3])}. A side-car has the "
                "name of its shard."
            )
        self.paths = [there[path.name] for path in main.paths]
        self.notes: list[str] = []
        missing = 0
        for shard, path in enumerate(self.paths):
            index, own = main.index(shard), _index(str(path))
            if index.has_keys_of(own):
                continue
            common = set(index.keys) & set(own.keys)
            if not common:
                raise DataError(
                    f"{path}: none of its keys is one of {main.paths[shard]} ({own.keys[:1]} and "
                    f"{index.keys[:1]}): it belongs to another shard."
                )
            missing += len(index) - len(common)
        if missing:
            self.notes.append(
                f"{self.folder}: no entry for {counted(missing, 'sample')} of {len(main):,}; "
                "others stand in for them"
            )

    def read(self, number: int, kinds: Iterable[str]) -> dict[str, bytes]:
        """Members of the entry of a sample.

        Raises:
            DataError: There is no entry for it; or as :meth:`ShardSet.read`.
        """
        shard, place = self.main.place(number)
        key = self.main.index(shard).key(place)
        path = self.paths[shard]
        own = _index(str(path))
        if place >= len(own) or own.key(place) != key:
            found = _places(str(path)).get(key)
            if found is None:
                raise DataError(f"{path}: no entry for the sample {key!r} of its shard")
            place = found
        members = own.members(place)
        return read_members(path, {kind: members[kind] for kind in kinds if kind in members})


def shards_in(folder: Path) -> list[Path]:
    """The shards of a folder, or the one that is named.

    Raises:
        DataError: There is none.
    """
    if folder.is_file():
        return [folder]
    if not folder.is_dir():
        raise DataError(f"{folder}: no such folder; expected one with shards, *.tar.")
    found = sorted(path for path in folder.glob("*.tar") if not path.name.startswith("."))
    if not found:
        raise DataError(
            f"{folder}: no shards, *.tar, in it. Shards of pictures, regions and depth lie in a "
            "folder each."
        )
    return found


@lru_cache(maxsize=_INDICES_KEPT)
def _index(path: str) -> ShardIndex:
    return read_index(Path(path))


@lru_cache(maxsize=_INDICES_KEPT)
def _places(path: str) -> Mapping[str, int]:
    keys: Sequence[str] = _index(path).keys
    return {key: place for place, key in enumerate(keys)}


class _File:
    """An open shard."""

    def __init__(self, path: Path) -> None:
        self.descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)

    def __del__(self) -> None:
        if hasattr(self, "descriptor"):
            os.close(self.descriptor)


@lru_cache(maxsize=_FILES_KEPT)
def _file(path: Path, process: int) -> _File:
    """The open shard of a process, so that none is shared."""
    return _File(path)


def forget_files() -> None:
    """Close all shards, and forget what is in them: they may have been replaced."""
    _index.cache_clear()
    _places.cache_clear()
    _file.cache_clear()


def read_members(path: Path, places: Mapping[str, tuple[int, int]]) -> dict[str, bytes]:
    """Contents by kind of members of a shard.

    Args:
        path: Of the shard, which stays open.
        places: Offset and size by kind, as its index knows them.

    Raises:
        DataError: One is too large, or the file ends in it.
        OSError: The disk does not answer.
    """
    file = _file(path, os.getpid())
    found = {}
    for kind, (offset, size) in places.items():
        if size > MAX_BYTES:
            raise DataError(f"its {kind} has {size:,} bytes; at most {MAX_BYTES:,} are read")
        content = os.pread(file.descriptor, size, offset)
        if len(content) < size:
            raise DataError(f"the shard ends in the midst of its {kind}: it is cut off")
        found[kind] = content
    return found
