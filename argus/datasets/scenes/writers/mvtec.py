"""MVTec AD layout: ``<category>/{train/good,test/<kind>,ground_truth/<defect>}``.

Beside ``test`` lies ``validation``, which MVTec AD has not. Masks are ``<number>_mask.png``, 0 or
255; good pictures have none.
"""

from pathlib import Path

import numpy as np

from argus.datasets.scenes.classes import ANOMALY_CATEGORIES
from argus.datasets.scenes.writers.files import write_image

NAME = "mvtec_ad"
SHOWN = ("validation", "test")
"""Splits with defects."""


def folders(root: Path) -> list[Path]:
    """All folders of the layout."""
    result = []
    for category, defects in ANOMALY_CATEGORIES.items():
        base = root / NAME / category
        result.append(base / "train/good")
        result += [base / split / kind for split in SHOWN for kind in ("good", *defects)]
        result += [base / "ground_truth" / defect for defect in defects]
    return result


def write_picture(
    root: Path,
    category: str,
    split: str,
    kind: str,
    index: int,
    picture: np.ndarray,
    mask: np.ndarray,
) -> None:
    """Write one picture; `mask` (H, W) bool is its defect."""
    base = root / NAME / category
    write_image(base / split / kind / f"{index:03d}.png", picture)
    if kind != "good":
        path = base / "ground_truth" / kind / f"{index:03d}_mask.png"
        write_image(path, mask.astype(np.uint8) * 255)
