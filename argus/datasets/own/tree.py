"""The files below a data folder: listed once, with bounds, and the only ones that are ever opened.

What a label file names is looked for among them. So a path of such a file, whatever it holds, leads
nowhere else; and a tool that wrote the paths of another machine is understood all the same.
"""

import hashlib
import os
from collections import defaultdict
from collections.abc import Iterator, Sequence
from functools import cached_property
from pathlib import Path, PurePosixPath

from argus.datasets.own.folder_words import PICTURE_WORDS
from argus.datasets.own.stated_names import NameIndex, alike
from argus.errors import DataError
from argus.files.foreign import is_clutter
from argus.files.pictures import PICTURE_SUFFIXES
from argus.names.wording import counted, listed

MAX_FILES = 2_000_000
MAX_DEPTH = 16


class Tree:
    """The files below a folder, without what systems and tools leave behind.

    Args:
        path: The folder; or a single file of labels, which then is the only one of its suffix.

    Raises:
        DataError: It does not exist, or has more than :data:`MAX_FILES` files.
    """

    def __init__(self, path: str | Path) -> None:
        given = Path(path)
        if not given.exists():
            whole = "" if given.is_absolute() else f" ({given.absolute()})"
            raise DataError(f"{given}: no such file or folder{whole}; expected one with pictures.")
        self.given = given
        self.root = given if given.is_dir() else given.parent
        digest = hashlib.sha256()
        files: list[str] = []
        for name, stamp in _walk(self.root):
            is_other = given.is_file() and name.endswith(given.suffix) and name != given.name
            if is_other and not name.lower().endswith(PICTURE_SUFFIXES):
                continue
            files.append(name)
            digest.update(f"{name}\0{stamp}\0".encode("utf-8", "surrogateescape"))
        self.files: tuple[str, ...] = tuple(files)
        self.signature = digest.hexdigest()

    @cached_property
    def pictures(self) -> tuple[str, ...]:
        """Those whose suffix is that of a picture."""
        return tuple(name for name in self.files if name.lower().endswith(PICTURE_SUFFIXES))

    def with_suffix(self, *suffixes: str) -> tuple[str, ...]:
        """Those that end so, in small letters or capitals."""
        return tuple(name for name in self.files if name.lower().endswith(suffixes))

    def named(self, *names: str) -> tuple[str, ...]:
        """Those whose name without folders is one of these, in any case."""
        wanted = {name.lower() for name in names}
        return tuple(name for name in self.files if PurePosixPath(name).name.lower() in wanted)

    @cached_property
    def folders(self) -> dict[str, tuple[str, ...]]:
        """The files directly in each folder that has any, by its path; ``""`` is the root."""
        found: dict[str, list[str]] = defaultdict(list)
        for name in self.files:
            found[folder_of(name)].append(name)
        return {folder: tuple(names) for folder, names in found.items()}

    @cached_property
    def picture_folders(self) -> dict[str, tuple[str, ...]]:
        """The same of pictures alone."""
        found: dict[str, list[str]] = defaultdict(list)
        for name in self.pictures:
            found[folder_of(name)].append(name)
        return {folder: tuple(names) for folder, names in found.items()}

    @cached_property
    def all_folders(self) -> frozenset[str]:
        """Every folder with a file somewhere below it."""
        return frozenset(
            str(parent) if str(parent) != "." else ""
            for folder in self.folders
            for parent in (PurePosixPath(folder), *PurePosixPath(folder).parents)
        )

    def path(self, name: str) -> Path:
        """The file of a name of the listing."""
        return self.root / name

    def find(self, stated: str, *, near: str = "", part: str | None = None) -> str | None:
        """The listed picture that a label file means by a path.

        One is taken that ends as the path does, in one of the ways in which
        :mod:`~argus.datasets.own.stated_names` knows paths to be spelled, and the longer the common
        end the better; among equals one of the same part of the data, then one in a folder that is
        called as pictures are, then one near the label file.

        Args:
            stated: As the file has it, relative or of another machine.
            near: Folder of the label file.
            part: ``train``, ``val`` or ``test``, if the label file is of one.

        Returns:
            ``None`` if there is none, or several are as good.
        """
        steps, candidates = self._names.meant(stated)
        candidates = self._not_of_others(candidates, steps, part)
        if len(candidates) < 2:
            return candidates[0] if candidates else None
        beside = PurePosixPath(near, *steps).as_posix()
        if beside in candidates:
            return beside

        def fit(name: str) -> tuple[int, int, int, int]:
            own = PurePosixPath(name).parts
            same_end = 0
            while same_end < min(len(own), len(steps)) and alike(own[-1 - same_end]) == alike(
                steps[-1 - same_end]
            ):
                same_end += 1
            shared = len(os.path.commonprefix([own, PurePosixPath(near).parts]))
            same_part = part is not None and part_of(folder_of(name)) == part
            is_called = any(step.lower() in PICTURE_WORDS for step in own)
            return same_end, int(same_part), int(is_called), shared

        ranked = sorted(candidates, key=fit, reverse=True)
        return ranked[0] if fit(ranked[0]) > fit(ranked[1]) else None

    def _not_of_others(
        self, candidates: Sequence[str], steps: Sequence[str], part: str | None
    ) -> Sequence[str]:
        """Without pictures of another part, where this one has some and no other is stated.

        What train calls 1.png and is gone from its folder is not what val calls so.
        """
        stated = part_of(folder_of("/".join(steps)))
        if part not in self._picture_parts or stated not in (None, part):
            return candidates
        return [name for name in candidates if part_of(folder_of(name)) in (None, part)]

    @cached_property
    def _picture_parts(self) -> frozenset[str]:
        """The parts that folders of pictures are called by."""
        return frozenset(filter(None, map(part_of, self.picture_folders)))

    def find_stem(self, stem: str, *, near: str = "", part: str | None = None) -> str | None:
        """As :meth:`find`, by a path without suffix."""
        steps, names = self._stems.meant(stem)
        folder = "/".join(steps[:-1])
        found = {
            self.find(f"{folder}/{PurePosixPath(name).name}", near=near, part=part)
            for name in names
        } - {None}
        return found.pop() if len(found) == 1 else None

    def told(self, unfound: Sequence[str]) -> str:
        """Paths of pictures that :meth:`find` did not find, for a person: not there, or several."""
        found = {name: self._names.meant(name)[1] or self._stems.meant(name)[1] for name in unfound}
        missing = [name for name in unfound if len(found[name]) < 2]
        several = [name for name in unfound if len(found[name]) > 1]
        texts = [listed(missing)] if missing else []
        if several:
            texts.append(
                f"{listed(several)} (several pictures are called so, e.g. "
                f"{listed(found[several[0]][:2])}: a path with their folder says which is meant)"
            )
        return "; ".join(texts)

    def none_found(self, files: Sequence[str], missing: Sequence[str]) -> DataError:
        """The error of label files of whose pictures not one is there."""
        return DataError(
            f"{listed(files) or self.given}: it names {counted(len(missing), 'picture')}, none of "
            f"which is below {self.root}: {self.told(missing)}.{self.where_else}"
            if missing
            else f"{listed(files) or self.given}: it names no picture."
        )

    @property
    def where_else(self) -> str:
        """What to do if pictures are not below the folder of a single file that was given."""
        return " Name the folder that has both the pictures and the file." * self.given.is_file()

    @cached_property
    def _names(self) -> NameIndex:
        return NameIndex(self.pictures, lambda name: PurePosixPath(name).name)

    @cached_property
    def _stems(self) -> NameIndex:
        return NameIndex(self.pictures, stem_of)


def folder_of(name: str) -> str:
    """The folder of a listed file; ``""`` for the root."""
    return name.rpartition("/")[0]


def stem_of(name: str) -> str:
    """The name of a listed file without folder and suffix."""
    return PurePosixPath(name).stem


_PARTS = dict(
    train=("train", "training", "trainset", "trn"),
    val=("val", "valid", "validation", "validate"),
    test=("test", "testing", "testset", "tst"),
)


def part_of(path: str) -> str | None:
    """The part of the data that the words of a path name; the last word that does counts.

    ``annotations/instances_train2017.json`` is of ``train``, ``images/Validation`` of ``val``.
    """
    for step in reversed(PurePosixPath(path).parts):
        words = "".join(c if c.isalpha() else " " for c in step.lower()).split()
        for word in words:
            for part, names in _PARTS.items():
                if word in names:
                    return part
    return None


def _walk(root: Path) -> Iterator[tuple[str, str]]:
    """The files below a folder with a stamp of each, in the order of their paths."""
    seen: set[tuple[int, int]] = set()
    number = 0
    stack: list[tuple[str, str, int]] = [(str(root), "", 0)]
    found: list[tuple[str, str]] = []
    while stack:
        folder, name, depth = stack.pop()
        try:
            status = os.stat(folder)
            # A link may lead back to a folder above it.
            if (status.st_dev, status.st_ino) in seen or depth > MAX_DEPTH:
                continue
            seen.add((status.st_dev, status.st_ino))
            entries = list(os.scandir(folder))
        except OSError as error:
            raise DataError(f"{folder}: cannot be listed: {error.strerror or error}.") from error
        for entry in entries:
            if is_clutter(entry.name):
                continue
            below = f"{name}/{entry.name}" if name else entry.name
            try:
                if entry.is_dir():
                    stack.append((entry.path, below, depth + 1))
                elif entry.is_file():
                    status = entry.stat()
                    found.append((below, f"{status.st_size} {status.st_mtime_ns}"))
                    number += 1
            except OSError:  # a link that leads nowhere
                continue
            if number > MAX_FILES:
                raise DataError(
                    f"{root}: more than {MAX_FILES:,} files; name the folder of one data set."
                )
    yield from sorted(found)
