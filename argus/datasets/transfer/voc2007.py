"""PASCAL VOC 2007, whose pictures may show several of 20 classes: 11-point mean average precision.

Source: the development kit; a list for each class and part, with 1 where the class is there, -1
where not, and 0 where all its objects are difficult, which counts as neither.
"""

from pathlib import Path

import numpy as np

from argus.datasets.lists import read_list
from argus.datasets.transfer.record import MAP11, ImageSet, Part, checked
from argus.errors import DataError

CLASSES = (
    *("aeroplane", "bicycle", "bird", "boat", "bottle", "bus", "car", "cat", "chair", "cow"),
    *("diningtable", "dog", "horse", "motorbike", "person", "pottedplant", "sheep", "sofa"),
    *("train", "tvmonitor"),
)
MARKER = "ImageSets/Main/aeroplane_trainval.txt"
# What a list says, and what a label is.
_VALUES = {"1": 1, "-1": 0, "0": -1}


def read_voc2007(folder: Path) -> ImageSet:
    """Read the folder ``VOC2007``.

    Raises:
        DataError: A list is missing or says something else, or has no pictures.
    """
    train, val, test = (_part(folder, name) for name in ("train", "val", "test"))
    return ImageSet(
        name="VOC2007",
        root=folder,
        classes=CLASSES,
        train=train,
        val=val,
        test=test,
        metric=MAP11,
    )


def _part(folder: Path, name: str) -> Part:
    columns = []
    names: list[str] = []
    for label in CLASSES:
        path = folder / f"ImageSets/Main/{label}_{name}.txt"
        rows = [line.split() for line in read_list(str(path))]
        if any(len(row) != 2 or row[1] not in _VALUES for row in rows):
            raise DataError(f"{path}: expected a picture and 1, 0 or -1 a line.")
        listed = [checked(f"JPEGImages/{picture}.jpg", source=path) for picture, _ in rows]
        if names and listed != names:
            raise DataError(f"{path}: lists other pictures than {CLASSES[0]}_{name}.txt.")
        names = listed
        columns.append([_VALUES[value] for _, value in rows])
    return Part(names=tuple(names), labels=np.array(columns, dtype=np.int8).T)
