"""A set of pictures in parts, each picture with its class, or with all that is in it."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

import numpy as np

from argus.errors import DataError

TOP1 = "top-1"
MEAN_PER_CLASS = "mean per class"
MAP11 = "11-point mAP"
METRICS = (TOP1, MEAN_PER_CLASS, MAP11)


@dataclass(frozen=True, kw_only=True)
class Part:
    """Some pictures of a set.

    Args:
        names: Of the files, relative to the folder of the set, with ``/``.
        labels: (N,) class of each picture; or (N, C) of what is in it: 1 there, 0 not there, -1
            not told (VOC's "difficult").
    """

    names: tuple[str, ...]
    labels: np.ndarray

    def __post_init__(self) -> None:
        assert len(self.names) == len(self.labels)

    def __len__(self) -> int:
        return len(self.names)

    def __add__(self, other: "Part") -> "Part":
        return Part(
            names=self.names + other.names, labels=np.concatenate([self.labels, other.labels])
        )

    def __getitem__(self, chosen: np.ndarray) -> "Part":
        return Part(names=tuple(self.names[i] for i in chosen), labels=self.labels[chosen])


@dataclass(frozen=True, kw_only=True)
class ImageSet:
    """A set with a part that trains and one that tests.

    Args:
        name: For tables.
        root: Folder that the names of the files are relative to.
        classes: Names by label.
        train: Pictures that train.
        val: Pictures that choose the regularisation, where the set names some.
        test: Pictures that test.
        metric: One of ``METRICS``: what the benchmark of the set asks for.
        notes: What a person should know, in sentences without a stop.
    """

    name: str
    root: Path
    classes: tuple[str, ...]
    train: Part
    val: Part | None
    test: Part
    metric: str = TOP1
    notes: tuple[str, ...] = ()

    def path(self, name: str) -> Path:
        """The file of a name."""
        return self.root / name


def part_of(entries: Sequence[tuple[str, str]], classes: Sequence[str]) -> Part:
    """A part of (file, class) in the order of the files."""
    label_of = {name: label for label, name in enumerate(classes)}
    ordered = sorted(entries)
    return Part(
        names=tuple(name for name, _ in ordered),
        labels=np.array([label_of[name] for _, name in ordered], dtype=np.int64),
    )


def checked(name: str, *, source: Path) -> str:
    """A name of a file that a list says, which may not lead out of the folder.

    Raises:
        DataError: It is empty, absolute, or has ``..`` in it.
    """
    path = PurePosixPath(name)
    if not name or path.is_absolute() or ".." in path.parts or "\\" in name or "\0" in name:
        raise DataError(f"{source}: expected a path below the folder of the set, found {name!r}.")
    return name
