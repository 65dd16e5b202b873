"""Exports that hold all pictures of a project in one file or a few, as CVAT and Label Studio do."""

from abc import ABC, abstractmethod
from collections import Counter
from collections.abc import Callable, Sequence

from argus.datasets.own.record import OwnPicture
from argus.datasets.own.tree import Tree, folder_of, part_of, stem_of
from argus.errors import DataError
from argus.names.wording import counted, counted_kind, listed

_HEAD_BYTES = 2**20
_MAX_LOOKED_AT = 50


def export_files(tree: Tree, suffix: str, is_export: Callable[[bytes], bool]) -> list[str]:
    """The files of a suffix that begin as an export does.

    Args:
        tree: The folder; with many such files, one a picture, it holds another format.
        suffix: Of the files.
        is_export: Looks at the first bytes of a file.
    """
    candidates = tree.with_suffix(suffix)
    if len(candidates) > _MAX_LOOKED_AT:
        return []
    return [name for name in candidates if is_export(_head(tree, name))]


def _head(tree: Tree, name: str) -> bytes:
    with tree.path(name).open("rb") as file:
        return file.read(_HEAD_BYTES)


class ExportReader(ABC):
    """Collects the pictures of several files of one data set.

    Args:
        tree: The folder.
    """

    def __init__(self, tree: Tree) -> None:
        self.tree = tree
        self.pictures: dict[str, OwnPicture] = {}
        self.missing: list[str] = []
        self.has: Counter[str] = Counter()

    def read(self, files: Sequence[str]) -> None:
        """Read the files.

        Raises:
            DataError: One has another form, or none of the pictures is there.
        """
        for name in files:
            # Of several files the name may say the part of each.
            part = part_of(stem_of(name)) if len(files) > 1 else None
            self.add(name, part or part_of(folder_of(name)))
        if not self.pictures and not self.missing and self.has:
            texts = [counted_kind(number, text) for text, number in self.has.items() if number]
            raise DataError(f"{listed(files)}: {'; '.join(texts)}.")
        if not self.pictures:
            raise self.tree.none_found(files, self.missing)

    @abstractmethod
    def add(self, name: str, part: str | None) -> None:
        """Read a file, of which the part is known by its name or folder."""

    def put(self, picture: OwnPicture, where: str) -> None:
        """Keep a picture.

        Raises:
            DataError: It is there already.
        """
        if picture.path in self.pictures:
            raise DataError(f"{where}: the picture {picture.path} occurs before.")
        self.pictures[picture.path] = picture

    def notes(self) -> list[str]:
        """What a person should know of what was read."""
        found = [counted_kind(number, text) for text, number in self.has.items() if number]
        if self.missing:
            found.append(
                f"{counted(len(self.missing), 'picture is not there', 'pictures are not there')}, "
                f"or several could be meant: {self.tree.told(self.missing)}"
            )
        return found
