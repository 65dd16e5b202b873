"""PASCAL-Context multi-task layout: human parts, semantic labels and saliency.

``JPEGImages/ human_parts_png/ semseg/ saliency/ ImageSets/``. As in the PASCAL-Part set, human
parts exist for pictures with people alone; ``ImageSets/person_{train,val}.txt`` lists those and
``{train,val}.txt`` all. semseg: 0 background, thing class + 1. Saliency: 0 or 255.
"""

from pathlib import Path
from typing import Any

import numpy as np

from argus.datasets.scenes.classes import THING_CLASSES
from argus.datasets.scenes.labels import Labels
from argus.datasets.scenes.writers.files import write_image, write_lines

NAME = "pascal_mt"


def folders(root: Path, split: str) -> list[Path]:
    """Folders the pictures go to, the same for every split."""
    kinds = ("JPEGImages", "human_parts_png", "semseg", "saliency")
    return [root / NAME / kind for kind in kinds]


def write_scene(
    root: Path, split: str, index: int, picture: np.ndarray, labels: Labels
) -> dict[str, Any]:
    """Write the pictures of one scene; return its name and whether people are in it."""
    name = f"{split}_{index + 1:06d}"
    base = root / NAME
    write_image(base / "JPEGImages" / f"{name}.jpg", picture)
    semantic = np.where(labels.semantic <= len(THING_CLASSES), labels.semantic, 0)
    write_image(base / "semseg" / f"{name}.png", semantic.astype(np.uint8))
    write_image(base / "saliency" / f"{name}.png", labels.saliency.astype(np.uint8) * 255)
    has_people = any(item.name == "person" for item in labels.instances)
    if has_people:
        write_image(base / "human_parts_png" / f"{name}.png", labels.parts)
    return {"name": name, "has_people": has_people}


def write_split(root: Path, split: str, records: list[dict[str, Any]]) -> None:
    """Write the lists of a split."""
    lists = root / NAME / "ImageSets"
    write_lines(lists / f"{split}.txt", [record["name"] for record in records])
    people = [record["name"] for record in records if record["has_people"]]
    write_lines(lists / f"person_{split}.txt", people)
