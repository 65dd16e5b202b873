"""Real samples of COCO, ADE20K and ImageNet in ``shared/data`` beside the repository."""

import copy
import csv
import os.path
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

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


def replace_data_root(task: Mapping[str, Any], root: str) -> dict[str, Any]:
    """Copy of a task config whose data sets and metrics read below another root.

    Args:
        task: Task config; its data sets have one ``data_root``.
        root: The new one; paths below the old one are moved with it.
    """
    moved = copy.deepcopy(dict(task))
    (old,) = {part["data_root"].rstrip("/") for part in _dicts(moved) if part.get("data_root")}
    for part in _dicts(moved):
        for key, value in part.items():
            if isinstance(value, str) and (value.rstrip("/") + "/").startswith(old + "/"):
                part[key] = os.path.join(root, value[len(old) :].strip("/")).rstrip("/")
    return moved


def _dicts(config: object) -> Iterator[dict[str, Any]]:
    """The dictionaries of a config, at any depth."""
    if isinstance(config, dict):
        yield config
    if isinstance(config, (dict, list, tuple)):
        for value in config.values() if isinstance(config, dict) else config:
            yield from _dicts(value)


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
