"""Real samples of COCO, ADE20K and ImageNet in ``shared/data`` beside the repository."""

import csv
from collections.abc import Mapping
from pathlib import Path

import pytest

from argus.datasets.paths import replace_data_root

REPOSITORY = Path(__file__).parents[2]
SAMPLES = (REPOSITORY / "../shared/data").resolve()
ROOTS = dict(
    instance="coco",
    keypoints="coco",
    semantic="ade20k/ADEChallengeData2016",
    classification="imagenet",
)
needs_samples = pytest.mark.skipif(not SAMPLES.is_dir(), reason="no sample data beside the project")


def imagenet_listing() -> list[str]:
    """Lines ``<file> <class index>`` of the ImageNet samples, files below ``val``."""
    with open(SAMPLES / "imagenet/classes_sample.tsv", newline="") as file:
        rows = list(csv.DictReader(file, delimiter="\t"))
    return [f"{row['path'].removeprefix('val/')} {row['ilsvrc1k_index']}" for row in rows]


def on_samples(tasks: Mapping[str, dict], folder: Path, *, indices: int) -> dict[str, dict]:
    """The stage 1 tasks on the first samples of each data set.

    Args:
        tasks: Task configs by name.
        folder: For a file list of ImageNet's samples, which are not divided into train and val.
        indices: Samples per data set.
    """
    moved = {
        name: replace_data_root(task, str(SAMPLES / ROOTS[name])) for name, task in tasks.items()
    }
    moved["keypoints"]["val"]["dataset"]["bbox_file"] = None  # annotated boxes
    listing = folder / "imagenet.txt"
    listing.write_text("\n".join(imagenet_listing()) + "\n")
    for part in ("train", "val"):
        dataset = moved["classification"][part]["dataset"]
        dataset.update(ann_file=str(listing), data_prefix="val", split="")
        for task in moved.values():
            task[part]["dataset"]["indices"] = indices
    return moved
