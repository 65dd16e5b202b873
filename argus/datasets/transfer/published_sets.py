"""The sets of Kornblith et al. that are published with lists: which files tell their parts.

Source: "Do Better ImageNet Models Transfer Better?" (CVPR 2019), table 1, for the sets, their sizes
and metrics; the layouts are those of the archives as they are unpacked. CIFAR-10, CIFAR-100 and
Caltech-101 are class folders (:mod:`~argus.datasets.transfer.folders`).
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any

import numpy as np

from argus.datasets.lists import read_list
from argus.datasets.transfer.record import MEAN_PER_CLASS, TOP1
from argus.errors import DataError
from argus.files.mat_files import read_variables
from argus.files.regular import read_regular_file

Parts = dict[str, list[tuple[str, str]]]
"""(file relative to the set's folder, class) by ``train``, ``val`` and ``test``."""


@dataclass(frozen=True, kw_only=True)
class Published:
    """A published set of pictures with one class each.

    Args:
        title: For people.
        marker: A file that the unpacked set has, relative to its folder, and others do not.
        read: From the folder to its parts.
        metric: What its benchmark asks for.
        sizes: Classes, pictures that train or choose, and pictures that test.
    """

    title: str
    marker: str
    read: Callable[[Path], Parts]
    metric: str
    sizes: tuple[int, int, int]


def _lines(path: Path) -> list[str]:
    return read_list(str(path))


def _variables(path: Path) -> dict[str, Any]:
    try:
        return read_variables(read_regular_file(path), squeeze=True)
    except (DataError, OSError) as error:
        raise DataError(f"{path}: {error}") from error


def _words(path: Path, count: int) -> Iterator[list[str]]:
    """The lines of a list, in as many words; the last word is the rest of the line."""
    for number, line in enumerate(_lines(path), 1):
        words = line.split(maxsplit=count - 1)
        if len(words) < count:
            raise DataError(f"{path}, line {number}: expected {count} words, found {line!r}.")
        yield words


def _class_first(paths: list[str], *, prefix: str, suffix: str = "") -> list[tuple[str, str]]:
    """Paths ``<class>/<picture>`` below ``prefix``; the class is all before the picture."""
    return [
        (f"{prefix}{path}{suffix}", str(PurePosixPath(path).parent).lstrip("/")) for path in paths
    ]


def _food101(folder: Path) -> Parts:
    return {
        part: _class_first(_lines(folder / f"meta/{part}.txt"), prefix="images/", suffix=".jpg")
        for part in ("train", "test")
    }


def _sun397(folder: Path) -> Parts:
    """The first of the ten partitions, as the benchmark has it."""
    place = folder / "Partitions" if (folder / "Partitions").is_dir() else folder
    # Paths begin with the folder of the letter: /a/abbey/sun_aaalbzqrimafwbiv.jpg.
    return {
        part: _class_first([line.lstrip("/") for line in _lines(place / name)], prefix="")
        for part, name in (("train", "Training_01.txt"), ("test", "Testing_01.txt"))
    }


def _dtd(folder: Path) -> Parts:
    """The first of the ten partitions."""
    return {
        part: _class_first(_lines(folder / f"labels/{part}1.txt"), prefix="images/")
        for part in ("train", "val", "test")
    }


def _aircraft(folder: Path) -> Parts:
    """Variants, the finest of the three levels."""
    return {
        part: [
            (f"data/images/{picture}.jpg", label)
            for picture, label in _words(folder / f"data/images_variant_{part}.txt", 2)
        ]
        for part in ("train", "val", "test")
    }


def _pets(folder: Path) -> Parts:
    """Breeds; a line is the picture, its class from 1, and two numbers more."""
    return {
        part: [
            (f"images/{picture}.jpg", picture.rpartition("_")[0])
            for picture, *_ in _words(folder / f"annotations/{name}.txt", 4)
            if not picture.startswith("#")
        ]
        for part, name in (("train", "trainval"), ("test", "test"))
    }


def _birdsnap(folder: Path) -> Parts:
    """Lists with a heading, of columns set apart by tabs; all that is not tested on trains."""
    tested = set(_columns(folder / "test_images.txt", "path"))
    pictures = _columns(folder / "images.txt", "path")
    entries = _class_first(pictures, prefix="images/")
    parts: Parts = {"train": [], "test": []}
    for picture, entry in zip(pictures, entries, strict=True):
        parts["test" if picture in tested else "train"].append(entry)
    # Many of its addresses are gone: what was downloaded counts.
    return {
        part: [entry for entry in members if (folder / entry[0]).is_file()]
        for part, members in parts.items()
    }


def _columns(path: Path, name: str) -> list[str]:
    heading, *lines = [line.split("\t") for line in _lines(path)]
    if name not in heading:
        raise DataError(f"{path}: expected a column {name!r}, found {', '.join(heading)}.")
    place = heading.index(name)
    short = next((line for line in lines if len(line) <= place), None)
    if short is not None:
        raise DataError(f"{path}: expected {len(heading)} columns, found {short}.")
    return [line[place] for line in lines]


def _cars(folder: Path) -> Parts:
    devkit = folder / "devkit"
    tested = "cars_test_annos_withlabels.mat"
    places = {
        "train": devkit / "cars_train_annos.mat",
        "test": folder / tested if (folder / tested).is_file() else devkit / tested,
    }
    try:
        names = [str(name) for name in _variables(devkit / "cars_meta.mat")["class_names"]]
        return {
            part: [
                (f"cars_{part}/{row['fname']}", names[int(row["class"]) - 1])
                for row in np.atleast_1d(_variables(path)["annotations"])
            ]
            for part, path in places.items()
        }
    except (KeyError, IndexError, ValueError, AttributeError, TypeError) as error:
        raise DataError(f"{devkit}: not the lists of Stanford Cars ({error}).") from error


def _flowers(folder: Path) -> Parts:
    keys = {"train": "trnid", "val": "valid", "test": "tstid"}
    try:
        labels = _variables(folder / "imagelabels.mat")["labels"]
        numbers = _variables(folder / "setid.mat")
        return {
            part: [
                (f"jpg/image_{int(number):05d}.jpg", f"{int(labels[int(number) - 1]):03d}")
                for number in np.atleast_1d(numbers[key])
            ]
            for part, key in keys.items()
        }
    except (KeyError, IndexError, ValueError, AttributeError, TypeError) as error:
        raise DataError(f"{folder}: not the lists of Oxford Flowers ({error}).") from error


PUBLISHED = {
    "food101": Published(
        title="Food-101",
        marker="meta/train.txt",
        read=_food101,
        metric=TOP1,
        sizes=(101, 75_750, 25_250),
    ),
    "birdsnap": Published(
        title="Birdsnap",
        marker="test_images.txt",
        read=_birdsnap,
        metric=TOP1,
        sizes=(500, 47_386, 2_443),
    ),
    "sun397": Published(
        title="SUN397",
        marker="Training_01.txt",
        read=_sun397,
        metric=TOP1,
        sizes=(397, 19_850, 19_850),
    ),
    "cars": Published(
        title="Stanford Cars",
        marker="devkit/cars_train_annos.mat",
        read=_cars,
        metric=TOP1,
        sizes=(196, 8_144, 8_041),
    ),
    "aircraft": Published(
        title="FGVC Aircraft",
        marker="data/images_variant_train.txt",
        read=_aircraft,
        metric=MEAN_PER_CLASS,
        sizes=(100, 6_667, 3_333),
    ),
    "dtd": Published(
        title="DTD",
        marker="labels/train1.txt",
        read=_dtd,
        metric=TOP1,
        sizes=(47, 3_760, 1_880),
    ),
    "pets": Published(
        title="Oxford-IIIT Pets",
        marker="annotations/trainval.txt",
        read=_pets,
        metric=MEAN_PER_CLASS,
        sizes=(37, 3_680, 3_669),
    ),
    "flowers": Published(
        title="Oxford Flowers",
        marker="setid.mat",
        read=_flowers,
        metric=MEAN_PER_CLASS,
        sizes=(102, 2_040, 6_149),
    ),
}
"""By a short name. Pets: the paper prints 3,369 test pictures, the list has 3,669."""
