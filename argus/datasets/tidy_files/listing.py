"""What data sets of all libraries see when they list a folder.

mmengine lists hidden folders, so that a copy that a notebook keeps (``.ipynb_checkpoints``) becomes
a class of pictures or is trained on, and drops files of another suffix without a word. Here such
folders are passed over, a suffix in capitals or another of the same format (``.jpeg``) is the same
suffix, and what was dropped is noted.
"""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from mmengine.fileio import LocalBackend

from argus.files.foreign import is_clutter
from argus.files.pictures import PICTURE_SUFFIXES

_SAME_FORMAT = ((".jpg", ".jpeg", ".jpe", ".jfif"), (".tif", ".tiff"))


@dataclass(kw_only=True)
class Listing:
    """What was met in the folders that were listed.

    Args:
        files: Files that a data set was given.
        other_suffixes: Pictures that it was not given, since it asked for another suffix.
    """

    files: list[str] = field(default_factory=list)
    other_suffixes: list[str] = field(default_factory=list)


@contextmanager
def tidy_listings() -> Iterator[Listing]:
    """Let mmengine's backend of the local disk list folders as described above."""
    listing = Listing()
    original = LocalBackend.list_dir_or_file

    def list_dir_or_file(
        self: Any,
        dir_path: Any,
        list_dir: bool = True,
        list_file: bool = True,
        suffix: Any = None,
        recursive: bool = False,
    ) -> Iterator[str]:
        if list_dir and suffix is not None:
            return original(self, dir_path, list_dir, list_file, suffix, recursive)  # it objects
        suffixes = None if suffix is None else (suffix,) if isinstance(suffix, str) else suffix
        found = _entries(str(dir_path), list_dir, list_file, suffixes, recursive, listing)
        return (os.path.relpath(path, dir_path) for path in found)

    LocalBackend.list_dir_or_file = list_dir_or_file
    try:
        yield listing
    finally:
        LocalBackend.list_dir_or_file = original


def _entries(
    folder: str,
    list_dir: bool,
    list_file: bool,
    suffixes: tuple[str, ...] | None,
    recursive: bool,
    listing: Listing,
) -> Iterator[str]:
    entries = [entry for entry in os.scandir(folder) if not is_clutter(entry.name)]
    names = {entry.name for entry in entries}
    for entry in entries:
        if entry.is_file():
            if not list_file:
                continue
            if suffixes is None or _has_suffix(entry.name, suffixes, names):
                listing.files.append(entry.path)
                yield entry.path
            # An end such as _leftImg8bit.png chooses among files of one format on purpose.
            elif entry.name.lower().endswith(PICTURE_SUFFIXES) and suffixes[0].startswith("."):
                listing.other_suffixes.append(entry.path)
        elif os.path.isdir(entry.path):
            if list_dir:
                yield entry.path
            if recursive:
                yield from _entries(entry.path, list_dir, list_file, suffixes, recursive, listing)


def same_format(suffix: str) -> tuple[str, ...]:
    """The suffixes of the format that a suffix, in small letters, stands for."""
    return next((group for group in _SAME_FORMAT if suffix in group), (suffix,))


def _has_suffix(name: str, suffixes: tuple[str, ...], names: set[str]) -> bool:
    """Whether a file has one of the suffixes, or means the same by another.

    Not the latter if a file of the same name has the suffix itself: which is meant is open.
    """
    if name.endswith(suffixes):
        return True
    for suffix in suffixes:
        for alike in same_format(suffix):
            if name.lower().endswith(alike.lower()):
                return name[: len(name) - len(alike)] + suffix not in names
    return False
