"""NYUv2 layout, indoor scenes alone: every pixel has a depth, as NYUv2's in-painted labels.

``image/ depth/ seg40/ normal/ edge/ gt_sets/{train,val}.txt``. Depth: uint16 PNG in millimetres
along the camera axis. Normals: RGB PNG, (n * 0.5 + 0.5) * 255, axes x right, y up, z towards the
viewer (a wall that faces the camera is (128, 128, 255)). Edges: 0 or 255. seg40: 0 void,
class + 1.
"""

from pathlib import Path
from typing import Any

import numpy as np

from argus.datasets.scenes.labels import Labels
from argus.datasets.scenes.writers.files import write_image, write_lines

_KINDS = ("image", "depth", "seg40", "normal", "edge")


def folders(root: Path, split: str) -> list[Path]:
    """Folders the pictures go to, the same for every split."""
    return [root / "nyuv2" / kind for kind in _KINDS]


def write_scene(
    root: Path, split: str, index: int, picture: np.ndarray, labels: Labels
) -> dict[str, Any]:
    """Write the pictures of one scene if it is indoors; return its name or None."""
    if not labels.indoor:
        return {"name": None}
    name = f"{split}_{index + 1:05d}"
    files = {
        "image": picture,
        "depth": np.rint(labels.depth * 1000).astype(np.uint16),
        "seg40": labels.semantic,
        "normal": np.rint((labels.normals * 0.5 + 0.5) * 255).astype(np.uint8),
        "edge": labels.boundary.astype(np.uint8) * 255,
    }
    for kind, content in files.items():
        write_image(root / "nyuv2" / kind / f"{name}.png", content)
    return {"name": name}


def write_split(root: Path, split: str, records: list[dict[str, Any]]) -> None:
    """Write the list of a split."""
    names = [record["name"] for record in records if record["name"] is not None]
    write_lines(root / "nyuv2/gt_sets" / f"{split}.txt", names)
