"""Are the files there that the entries of a data set name? An annotation file says it of none.

A training would meet them one by one, steps apart, and an evaluation would end at the first.
"""

import os
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from argus.datasets.census.entries import spread
from argus.names.wording import counted

MOST_ENTRIES = 10_000
"""Entries that are looked at, spread over the data set: 0.3 s on a disk of one's own, some seconds
on one in a network."""
_NUM_EXAMPLES = 3


@dataclass(frozen=True, kw_only=True)
class MissingFiles:
    """What was looked for, and what is not there.

    Args:
        paths: The missing files, in the order of the entries.
        num_seen: Entries that were looked at.
        num_all: Entries of the data set.
    """

    paths: tuple[str, ...]
    num_seen: int
    num_all: int

    @property
    def share(self) -> float:
        """Missing files per entry."""
        return len(self.paths) / max(self.num_seen, 1)

    def __str__(self) -> str:
        folders = Counter(os.path.dirname(path) for path in self.paths)
        folder, number = folders.most_common(1)[0]
        names = [os.path.basename(p) for p in self.paths if os.path.dirname(p) == folder]
        examples = ", ".join(names[:_NUM_EXAMPLES]) + ", ..." * (number > _NUM_EXAMPLES)
        seen = (
            f"of the {counted(self.num_all, 'entry', 'entries')}"
            if self.num_seen == self.num_all
            else f"of {self.num_seen:,} of the {counted(self.num_all, 'entry', 'entries')}, "
            "those that were looked at,"
        )
        others = f"; and of {counted(len(folders) - 1, 'other folder')}" * (len(folders) > 1)
        verb = "is" if len(self.paths) == 1 else "are"
        place = folder or os.curdir
        absent = "" if os.path.isdir(place) else ", which is not there itself"
        return (
            f"{counted(len(self.paths), 'file')} {seen} {verb} missing: {examples} of "
            f"{os.path.abspath(place)}{absent}{others}. Bring them there, correct data_root, "
            "data_prefix or the suffix, or take their entries out of the list or annotation file"
        )


def missing_files(
    dataset: Any,
    keys_at: Callable[[int], Sequence[str]] = lambda index: ("img_path",),
    *,
    most: int = MOST_ENTRIES,
) -> MissingFiles:
    """Look for the files of entries of a data set.

    Args:
        dataset: Built, with ``get_data_info``.
        keys_at: Gives the keys under which an entry, by its number, has paths; the picture's by
            default. What is on remote storage (``scheme://``) is taken to be there.
        most: Entries that are looked at.
    """
    number = len(dataset)
    chosen = sorted(spread(number, most))
    missing: dict[str, None] = {}
    for index in chosen:
        info = dataset.get_data_info(index)
        for key in keys_at(index):
            path = info.get(key)
            if isinstance(path, str) and "://" not in path and not os.path.exists(path):
                missing.setdefault(path)
    return MissingFiles(paths=tuple(missing), num_seen=len(chosen), num_all=number)
