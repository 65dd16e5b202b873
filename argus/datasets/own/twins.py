"""Pictures that are there twice: the same bytes under two names."""

import hashlib
from collections import defaultdict
from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from pathlib import Path

from argus.datasets.own.record import OwnPicture
from argus.names.wording import counted

_END_BYTES = 2**14


def twin_notes(root: Path, parts: Mapping[str, Sequence[OwnPicture]]) -> list[str]:
    """What a person should know of such pictures, in sentences without a stop.

    Args:
        root: The data folder.
        parts: The pictures of ``train``, ``val`` and ``test``.
    """
    pictures = {one.path: one for part in parts.values() for one in part}
    trained = {one.path for one in parts["train"]}
    groups = same_files(root, pictures)
    leaks, copies, quarrels = [], [], []
    for names in groups:
        learned = [name for name in names if name in trained]
        measured = [name for name in names if name not in trained]
        if learned:
            leaks += [(learned[0], name) for name in measured]
        copies += [(side[0], name) for side in (learned, measured) for name in side[1:]]
        quarrels += [
            (names[0], name)
            for name in names[1:]
            if set(pictures[name].labels or ()) != set(pictures[names[0]].labels or ())
        ]
    told = []
    if leaks:
        are = counted(len(leaks), "picture of val or test is", "pictures of val or test are")
        told.append(
            f"{are} in train, too, under another name, e.g. {_pair(leaks[0])}: metrics come out "
            "too good; take one of each away, or put them into one part"
        )
    if copies:
        are = counted(len(copies), "picture is", "pictures are")
        told.append(f"{are} there again under another name, e.g. {_pair(copies[0])}")
    if quarrels:
        have = counted(len(quarrels), "picture has", "pictures have")
        told.append(f"{have} other labels under another name, e.g. {_pair(quarrels[0])}")
    return told


def same_files(root: Path, names: Iterable[str]) -> list[list[str]]:
    """Groups of at least two files of the same bytes; few of the files are read as a whole.

    Args:
        root: Their folder.
        names: Relative to it; those that cannot be read are in no group.
    """
    groups = [sorted(names)]
    for key in (_size, _ends, _digest):
        groups = [part for group in groups for part in _divided(root, group, key)]
    return groups


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


def _pair(names: tuple[str, str]) -> str:
    return " and ".join(names)
