"""Files of the same bytes, whatever their names."""

import hashlib
from collections import defaultdict
from collections.abc import Callable, Hashable, Iterable
from pathlib import Path

_END_BYTES = 2**14


def same_files(root: Path, names: Iterable[str]) -> list[list[str]]:
    """Groups of at least two files of the same bytes; few of the files are read as a whole.

    Args:
        root: Their folder.
        names: Relative to it, or absolute; those that cannot be read are in no group.
    """
    groups = [sorted(names)]
    for key in (_size, _ends, _digest):
        groups = [part for group in groups for part in _divided(root, group, key)]
    return groups


def size_of(path: Path) -> int | None:
    """Bytes of a file; ``None`` if it cannot be looked at."""
    try:
        return _size(path)
    except OSError:
        return None


def _divided(
    root: Path, names: Iterable[str], key: Callable[[Path], Hashable]
) -> Iterable[list[str]]:
    found: dict[Hashable, list[str]] = defaultdict(list)
    for name in names:
        try:
            found[key(root / name)].append(name)
        except OSError:  # the check names it
            continue
    return [group for group in found.values() if len(group) > 1]


def _size(path: Path) -> int:
    return path.stat().st_size


def _ends(path: Path) -> bytes:
    with path.open("rb") as file:
        head = file.read(_END_BYTES)
        file.seek(max(0, path.stat().st_size - _END_BYTES))
        return head + file.read(_END_BYTES)


def _digest(path: Path) -> bytes:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").digest()
