"""Real samples of the data sets in ``shared/data`` beside the repository."""

import copy
import csv
import os.path
from collections.abc import Iterable, Iterator, Mapping
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


# Stage 2: the samples of each data set in the layout of data/README.md, made of symbolic links.
NYUV2_IMAGES = ("vainf_office", "1407_crop", "0001")  # the first has all labels but depth
NYUV2_DEPTH_IMAGES = ("sync_00000", "sync_00050", "sync_00100")
PARSING_IMAGES = ("2008_000652", "2008_000700", "2010_002526")
SALIENCY_IMAGES = ("124084", "2092", "69015")  # of SOD: the PASCAL samples have none
MVTEC_CATEGORIES = ("transistor", "metal_nut", "screw", "leather")
MVTEC_DEFECT = "scratch_head"


def lay_out_stage2(folder: Path) -> dict[str, Path]:
    """Make small data roots, in which training and test images are the same.

    Args:
        folder: Where to.

    Returns:
        Root by the name of the data set's folder in ``data/``.
    """
    roots = {name: folder / name for name in ("ade", "nyuv2", "nyuv2_depth", "pascal_mt")}
    roots |= {name: folder / name for name in ("nyuv2_labeled", "mvtec_ad")}
    _lay_out_ade20k(roots["ade"])
    _lay_out_nyuv2(roots["nyuv2"], ("seg40", "normal", "edge"), NYUV2_IMAGES)
    _lay_out_nyuv2(roots["nyuv2_labeled"], ("seg13",), NYUV2_IMAGES[::2])
    _lay_out_nyuv2_depth(roots["nyuv2_depth"])
    _lay_out_pascal(roots["pascal_mt"])
    for category in MVTEC_CATEGORIES:  # there is one; it stands for all
        _lay_out_mvtec(roots["mvtec_ad"] / category)
    return roots | {"coco": SAMPLES / "coco"}


def link(source: Path, target: Path) -> None:
    """Make a symbolic link, and the folders above it."""
    target.parent.mkdir(parents=True, exist_ok=True)
    target.symlink_to(source)


def write_lists(root: Path, folder: str, names: Iterable[str]) -> None:
    """Write one list as ``train.txt`` and as ``val.txt``."""
    (root / folder).mkdir(parents=True)
    for split in ("train", "val"):
        (root / folder / f"{split}.txt").write_text("".join(f"{name}\n" for name in names))


def _lay_out_ade20k(root: Path) -> None:
    source, target = SAMPLES / ROOTS["semantic"], root / "ADEChallengeData2016"
    for folder in ("training", "validation"):
        link(source / "images/training", target / "images" / folder)
    for split in ("train", "val"):
        for kind in ("panoptic", "instance"):
            found = source / f"ade20k_{kind}_train.json"
            link(found, target / f"ade20k_{kind}_{split}.json")
        link(source / "ade20k_panoptic_train", target / f"ade20k_panoptic_{split}")


def _lay_out_nyuv2(root: Path, labels: Iterable[str], names: Iterable[str]) -> None:
    for folder in ("image", *labels):
        link(SAMPLES / "nyuv2" / folder, root / folder)
    write_lists(root, "gt_sets", names)


def _lay_out_nyuv2_depth(root: Path) -> None:
    for folder in ("image", "depth"):
        link(SAMPLES / "nyuv2" / folder, root / folder)
    lines = [f"image/{name}.png depth/{name}.png 518.8579\n" for name in NYUV2_DEPTH_IMAGES]
    for split in ("train", "test"):
        (root / f"nyu_{split}.txt").write_text("".join(lines))


def _lay_out_pascal(root: Path) -> None:
    for name in PARSING_IMAGES:
        link(SAMPLES / f"pascal_mt/JPEGImages/{name}.jpg", root / f"JPEGImages/{name}.jpg")
    for name in SALIENCY_IMAGES:
        link(SAMPLES / f"sod_bsds/images/{name}.jpg", root / f"JPEGImages/{name}.jpg")
    link(SAMPLES / "pascal_mt/human_parts_png", root / "human_parts_png")
    link(SAMPLES / "sod_bsds/saliency", root / "saliency")
    write_lists(root, "ImageSets", PARSING_IMAGES + SALIENCY_IMAGES)


def _lay_out_mvtec(category: Path) -> None:
    source = SAMPLES / "mvtec_ad/screw"
    files = [f"train/good/{number}.png" for number in ("000", "001", "002")]
    files += ["test/good/001.png", f"test/{MVTEC_DEFECT}/001.png"]
    files += [f"ground_truth/{MVTEC_DEFECT}/001_mask.png"]
    for file in files:
        link(source / file, category / file)
