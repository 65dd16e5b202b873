"""ImageNet layout: one folder of pictures for each class, in ``imagenet/{train,val}``."""

from pathlib import Path

import numpy as np

from argus.datasets.scenes.classes import CLASSIFICATION_CLASSES
from argus.datasets.scenes.writers.files import write_image


def folders(root: Path, split: str) -> list[Path]:
    """Folders the pictures of a split go to."""
    return [root / "imagenet" / split / name for name in CLASSIFICATION_CLASSES]


def write_portrait(root: Path, split: str, index: int, name: str, picture: np.ndarray) -> None:
    """Write one picture of class `name`."""
    path = root / "imagenet" / split / name / f"{name}_{split}_{index + 1:06d}.JPEG"
    write_image(path, picture)
