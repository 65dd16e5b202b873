"""MVTec AD layout: ``<category>/{train/good,test/<kind>,ground_truth/<defect>}``.

Masks are ``<number>_mask.png``, 0 or 255; good pictures have none.
"""

from pathlib import Path

import numpy as np

from argus.datasets.scenes.classes import ANOMALY_CATEGORIES
from argus.datasets.scenes.writers.files import write_image

NAME = "mvtec_ad"


def folders(root: Path) -> list[Path]:
    """All folders of the layout."""
    result = []
    for category, defects in ANOMALY_CATEGORIES.items():
        base = root / NAME / category
        result += [base / "train/good", base / "test/good"]
        for defect in defects:
            result += [base / "test" / defect, base / "ground_truth" / defect]
    return result


def write_picture(
    root: Path, category: str, kind: str, index: int, picture: np.ndarray, mask: np.ndarray
) -> None:
    """Write one picture; `kind` is "train" or a test kind, `mask` (H, W) bool its defect."""
    base = root / NAME / category
    folder = base / "train/good" if kind == "train" else base / "test" / kind
    write_image(folder / f"{index:03d}.png", picture)
    if kind not in ("train", "good"):
        path = base / "ground_truth" / kind / f"{index:03d}_mask.png"
        write_image(path, mask.astype(np.uint8) * 255)
