"""Write small data sets whose labels are few, void or of one kind."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from mmpretrain.datasets import CustomDataset
from mmseg.datasets import BaseSegDataset
from PIL import Image

from argus.datasets.transforms import LoadImage, LoadSegMap


def write_maps(root: Path, maps: Sequence[Any]) -> Path:
    """Black pictures and their label maps, arrays or pictures of Pillow."""
    for folder in ("images", "labels"):
        (root / folder).mkdir(parents=True, exist_ok=True)
    for index, labels in enumerate(maps):
        picture = labels if isinstance(labels, Image.Image) else Image.fromarray(labels)
        picture.save(root / f"labels/{index}.png")
        Image.new("RGB", picture.size).save(root / f"images/{index}.jpg")
    return root


def semantic(root: Path, classes: Sequence[str] = ("background", "cup"), **changes: Any) -> dict:
    """Config of a data set on what ``write_maps`` wrote."""
    load = dict(type=LoadSegMap, num_classes=len(classes)) | changes.pop("load", {})
    return (
        dict(
            type=BaseSegDataset,
            data_root=str(root),
            data_prefix=dict(img_path="images", seg_map_path="labels"),
            metainfo=dict(classes=classes),
            pipeline=[dict(type=LoadImage), load],
        )
        | changes
    )


def write_pictures(root: Path, names: Sequence[str]) -> Path:
    """Black pictures in folders."""
    for name in names:
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        Image.new("RGB", (10, 8)).save(root / name)
    return root


def folders(root: Path, **changes: Any) -> dict:
    """Config of a data set with a folder for each class."""
    return dict(type=CustomDataset, data_root=str(root), pipeline=[dict(type=LoadImage)]) | changes


SQUARE = np.zeros((8, 10), np.uint8)
SQUARE[2:6, 2:6] = 1
"""Class 0, and 16 pixels of class 1."""
