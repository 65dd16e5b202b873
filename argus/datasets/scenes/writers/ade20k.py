"""ADE20K layout (ADEChallengeData2016): semantic, instance and panoptic labels.

``images/ annotations/ {training,validation}``; label PNGs hold 0 for "other" and class + 1.
``ade20k_panoptic_{train,val}{.json,/}`` and ``ade20k_instance_{train,val}.json`` as Mask2Former's
preparation scripts write them: category ids count from 0.
"""

from pathlib import Path
from typing import Any

import numpy as np

from argus.datasets.scenes.classes import THING_CLASSES
from argus.datasets.scenes.labels import Labels
from argus.datasets.scenes.writers import panoptic
from argus.datasets.scenes.writers.coco import encode_mask
from argus.datasets.scenes.writers.files import write_image, write_json

NAME = "ADEChallengeData2016"
FOLDERS = {"train": "training", "val": "validation"}


def folders(root: Path, split: str) -> list[Path]:
    """Folders the pictures of a split go to."""
    base = root / NAME
    return [
        base / "images" / FOLDERS[split],
        base / "annotations" / FOLDERS[split],
        base / f"ade20k_panoptic_{split}",
    ]


def write_scene(
    root: Path, split: str, index: int, picture: np.ndarray, labels: Labels
) -> dict[str, Any]:
    """Write the pictures of one scene; return its annotations for `write_split`."""
    image_id = index + 1
    stem = f"ADE_{split}_{image_id:08d}"
    images, annotations, panoptics = folders(root, split)
    write_image(images / f"{stem}.jpg", picture)
    write_image(annotations / f"{stem}.png", labels.semantic)
    write_image(panoptics / f"{stem}.png", panoptic.panoptic_picture(labels))
    height, width = labels.semantic.shape
    instances = []
    for item in labels.instances:
        x0, y0, x1, y1 = item.box
        instances.append(
            {
                "image_id": image_id,
                "category_id": THING_CLASSES.index(item.name),
                "bbox": [x0, y0, x1 - x0, y1 - y0],
                "area": item.area,
                "iscrowd": 0,
                "segmentation": encode_mask(item.mask),
            }
        )
    return {
        "image": {"id": image_id, "file_name": f"{stem}.jpg", "width": width, "height": height},
        "instances": instances,
        "panoptic": {
            "image_id": image_id,
            "file_name": f"{stem}.png",
            "segments_info": panoptic.segments_info(labels, first_category_id=0),
        },
    }


def write_split(root: Path, split: str, records: list[dict[str, Any]]) -> None:
    """Write the two JSON files of a split from what `write_scene` returned, in order."""
    images = [record["image"] for record in records]
    items = [item for record in records for item in record["instances"]]
    write_json(
        root / NAME / f"ade20k_instance_{split}.json",
        {
            "images": images,
            "annotations": [{"id": number, **item} for number, item in enumerate(items, start=1)],
            "categories": [{"id": index, "name": name} for index, name in enumerate(THING_CLASSES)],
        },
    )
    write_json(
        root / NAME / f"ade20k_panoptic_{split}.json",
        {
            "images": images,
            "annotations": [record["panoptic"] for record in records],
            "categories": panoptic.categories(0, len(THING_CLASSES)),
        },
    )
