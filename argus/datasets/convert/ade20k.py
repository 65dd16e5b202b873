"""ADE20K (SceneParse150): semantic labels as published, instances and panoptic labels as in COCO.

The Places Challenge 2017 published instance labels for the pictures: PNG, red = class 1..100, green
= number of the instance in its picture, 0 = none. Instances are annotated apart from the semantic
labels and overlap stuff here and there: as in Mask2Former's preparation stuff is painted first,
things over it, and a pixel of a thing's class that no instance has is void. Unlike there, areas and
boxes are those of what remains visible in the panoptic picture, which is what they are compared by.
"""

import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from pycocotools import mask as coco_mask
from scipy import ndimage

from argus.datasets.convert import labels
from argus.datasets.convert.ade20k_classes import (
    CLASSES,
    THINGS,
    instance_categories,
    panoptic_categories,
)
from argus.datasets.convert.archives import Member, extract
from argus.datasets.convert.coco_contents import class_counts, read_outline
from argus.datasets.convert.conversion import STATE_FOLDER, Converter, Names, Options
from argus.datasets.convert.published import PUBLISHED
from argus.datasets.convert.whole_files import list_names, read_text, write_json, write_png
from argus.datasets.convert.work import run_jobs
from argus.errors import DataError
from argus.names.wording import counted

FOLDER = "ADEChallengeData2016"
SPLITS = {"train": "training", "val": "validation"}
SUFFIXES = {"images": ".jpg", "annotations": ".png", "annotations_instance": ".png"}
_TEXTS = ("objectInfo150.txt", "sceneCategories.txt")
_LABEL_OF_THING = np.array([0, *(item.label for item in THINGS)])
_IS_STUFF = np.array([False, *(item.instance_label is None for item in CLASSES)])
_HELP = """\
  ADEChallengeData2016.zip
    from http://data.csail.mit.edu/places/ADEchallenge (link on http://sceneparsing.csail.mit.edu)
  annotations_instance.tar                         for instance and panoptic segmentation alone
    from http://sceneparsing.csail.mit.edu/data/ChallengeData2017
Licence: research and education, non-commercial (terms of use of ADE20K); annotations BSD-3."""


def panoptic_labels(
    semantic: np.ndarray, instances: np.ndarray
) -> tuple[np.ndarray, list[dict[str, Any]]]:
    """Join semantic and instance labels.

    Args:
        semantic: (H, W) uint8, 0 void, 1..150.
        instances: (H, W, 2+) uint8: class 1..100 and number of the instance; 0 and 0 elsewhere.

    Returns:
        Segment ids (H, W) int32, 0 void, counted from 1; ``segments_info`` with category_id = label
        - 1, area and bbox (x, y, width, height) of each, in the order of ids.

    Raises:
        DataError: The sizes differ, or labels are out of range.
    """
    _check_labels(semantic, instances)
    labels = np.where(_IS_STUFF[semantic], semantic, 0).astype(np.int32)
    # One value for each segment: stuff by its label, a thing by its number beyond all labels.
    number = instances[..., 1].astype(np.int32)
    labels = np.where(number > 0, len(CLASSES) + number, labels)
    values, ids = np.unique(labels, return_inverse=True)
    first = 0 if values[0] == 0 else 1
    ids = (ids.reshape(labels.shape) + first).astype(np.int32)
    areas = np.bincount(ids.ravel())
    thing_labels = dict(_things(instances))
    segments = []
    for index, box in enumerate(ndimage.find_objects(ids), start=1):
        value = int(values[index - first])
        if value > len(CLASSES):
            value = int(_LABEL_OF_THING[thing_labels[value - len(CLASSES)]])
        segments.append(
            dict(
                id=index, category_id=value - 1, area=int(areas[index]), bbox=_bbox(box), iscrowd=0
            )
        )
    return ids, segments


def instance_labels(instances: np.ndarray) -> list[dict[str, Any]]:
    """COCO annotations without ids: category_id = class - 1, bbox (x, y, w, h), area, RLE."""
    number = instances[..., 1]
    boxes = ndimage.find_objects(number)
    result = []
    for index, label in _things(instances):
        mask = np.asfortranarray(number == index, np.uint8)
        code = coco_mask.encode(mask)
        result.append(
            dict(
                category_id=label - 1,
                bbox=_bbox(boxes[index - 1]),
                area=int(mask.sum()),
                iscrowd=0,
                segmentation=dict(size=list(mask.shape), counts=code["counts"].decode()),
            )
        )
    return result


def _bbox(box: tuple[slice, ...]) -> list[int]:
    rows, columns = box
    return [columns.start, rows.start, columns.stop - columns.start, rows.stop - rows.start]


def _things(instances: np.ndarray) -> list[tuple[int, int]]:
    """Number and class of each instance, by number."""
    pairs = np.unique(instances[..., 1].astype(np.int64) * 256 + instances[..., 0])
    return [(int(pair // 256), int(pair % 256)) for pair in pairs if pair >= 256]


def _check_labels(semantic: np.ndarray, instances: np.ndarray) -> None:
    if instances.ndim != 3 or instances.shape[2] < 2 or instances.dtype != np.uint8:
        raise DataError(
            "the instance labels are no 8-bit colour picture (red: class, green: instance); found "
            f"shape {instances.shape} of {instances.dtype}"
        )
    if semantic.shape != instances.shape[:2]:
        raise DataError(
            f"the semantic labels are {semantic.shape} (height, width), the instance labels "
            f"{instances.shape[:2]}"
        )
    if semantic.max() > len(CLASSES):
        raise DataError(f"semantic label {semantic.max()}: expected 0..{len(CLASSES)}")
    numbers = [number for number, _ in _things(instances)]
    labels = {label for _, label in _things(instances)}
    if len(set(numbers)) < len(numbers):
        raise DataError("an instance number has pixels of several classes")
    if labels and not (1 <= min(labels) and max(labels) <= len(THINGS)):
        raise DataError(f"instance classes {sorted(labels)}: expected 1..{len(THINGS)}")


class _Job(NamedTuple):
    root: Path
    split: str
    stem: str
    record: Path


def _convert_picture(job: _Job) -> dict[str, Any]:
    """Write a picture's panoptic labels; return its part of the JSON files."""
    if job.record.exists():  # of a run that was interrupted
        return json.loads(read_text(job.record))
    folder = SPLITS[job.split]
    source = job.root / "annotations_instance" / folder / f"{job.stem}.png"
    try:
        semantic = labels.read(job.root / "annotations" / folder / f"{job.stem}.png")
        instances = labels.read(source)
        ids, segments = panoptic_labels(semantic, instances)
        image_id = int(job.stem.rpartition("_")[2])
    except ValueError as error:
        raise DataError(f"{source}: {error}") from error
    picture = np.stack([ids % 256, ids // 256 % 256, ids // 65536], axis=-1).astype(np.uint8)
    write_png(job.root / f"ade20k_panoptic_{job.split}" / f"{job.stem}.png", picture)
    height, width = semantic.shape
    record = dict(
        image=dict(id=image_id, file_name=f"{job.stem}.jpg", width=width, height=height),
        instances=[dict(image_id=image_id, **item) for item in instance_labels(instances)],
        panoptic=dict(image_id=image_id, file_name=f"{job.stem}.png", segments_info=segments),
    )
    write_json(job.record, record)
    return record


def _records_folder(out: Path, split: str) -> Path:
    """What is known of the pictures already converted, until all are."""
    return out / STATE_FOLDER / f"ade20k_{split}"


def _convert_split(out: Path, split: str, num_processes: int) -> None:
    root = out / FOLDER
    found = {
        kind: {Path(name).stem for name in list_names(root / kind / SPLITS[split], suffix)}
        for kind, suffix in SUFFIXES.items()
    }
    stems = sorted(found["annotations_instance"])
    if not stems:
        return
    lacking = sorted(found["annotations_instance"] - (found["images"] & found["annotations"]))
    if lacking:
        raise DataError(
            f"{root}: {counted(len(lacking), 'picture has instance', 'pictures have instance')} "
            f"labels but no image or no semantic labels, e.g. {lacking[0]}; give a folder with "
            "ADEChallengeData2016.zip too."
        )
    folder = _records_folder(out, split)
    jobs = [_Job(root, split, stem, folder / f"{stem}.json") for stem in stems]
    title = f"ADE20K {split} panoptic"
    records = list(run_jobs(_convert_picture, jobs, title=title, num_processes=num_processes))
    images = [record["image"] for record in records]
    items = [item for record in records for item in record["instances"]]
    write_json(
        root / f"ade20k_instance_{split}.json",
        dict(
            images=images,
            annotations=[dict(id=number, **item) for number, item in enumerate(items, start=1)],
            categories=instance_categories(),
        ),
    )
    write_json(
        root / f"ade20k_panoptic_{split}.json",
        dict(
            images=images,
            annotations=[record["panoptic"] for record in records],
            categories=panoptic_categories(),
        ),
    )


def _place(member: Member) -> str | None:
    kind, split, name = ("", "", *member.parts)[-3:]
    if split in ("training", "validation") and name.endswith(SUFFIXES.get(kind, " ")):
        return f"{FOLDER}/{kind}/{split}/{name}"
    return f"{FOLDER}/{name}" if name in _TEXTS else None


def _convert(source: Path, out: Path, options: Options) -> None:
    extract(source, out, _place, title="ADE20K")
    convert_splits(out, options.num_processes)


def convert_splits(out: Path, num_processes: int) -> None:
    """Make instance and panoptic labels of what the target holds."""
    for split in SPLITS:
        _convert_split(out, split, num_processes)
    for split in SPLITS:
        shutil.rmtree(_records_folder(out, split), ignore_errors=True)


def _files(out: Path) -> dict[str, tuple[str, list[str]]]:
    """Split and names of the files of each count."""
    root, files = out / FOLDER, {}
    for split, folder in SPLITS.items():
        for kind, suffix in (("images", ".jpg"), ("annotations", ".png")):
            files[f"{split} {kind}"] = (split, list_names(root / kind / folder, suffix))
    for split in SPLITS:
        found = list_names(root / f"ade20k_panoptic_{split}", ".png")
        files[f"{split} panoptic labels"] = (split, found)
    return files


def _annotation_files(out: Path) -> list[str]:
    return [name for name in list_names(out / FOLDER, ".json") if name.startswith("ade20k_")]


def count(out: Path) -> dict[str, int]:
    """Files of each kind, by the names of ``published.toml``."""
    counts = {what: len(found) for what, (_, found) in _files(out).items()}
    return counts | {"instance and panoptic files": len(_annotation_files(out))}


def names(out: Path) -> Iterator[Names]:
    """The pictures are numbered from 1 without gaps."""
    for what, (split, found) in _files(out).items():
        if found:
            number, suffix = PUBLISHED["ade20k"][what].number, Path(found[0]).suffix
            wanted = [f"ADE_{split}_{index:08d}{suffix}" for index in range(1, number + 1)]
            yield Names(what, wanted, found)


def read(out: Path) -> dict[str, int]:
    """Images and classes of the files that the converter makes."""
    counts = {}
    for name in _annotation_files(out):
        counts.update(class_counts(read_outline(out / FOLDER / name), name))
    return counts


ADE20K = Converter(
    name="ade20k",
    title="ADE20K (SceneParse150)",
    default_out="data/ade",
    help=_HELP,
    convert=_convert,
    count=count,
    excludes=("ade20k-full",),
    names=names,
    read=read,
)
