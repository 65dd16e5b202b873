"""Pictures that are there twice: the same bytes under two names."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from argus.datasets.own.record import OwnPicture
from argus.files.same_files import same_files
from argus.names.wording import counted


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


def _pair(names: tuple[str, str]) -> str:
    return " and ".join(names)
