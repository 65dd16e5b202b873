"""COCO 2017 layout: pictures, instances, person keypoints, captions and panoptic labels.

``train2017/ val2017/ panoptic_{train,val}2017/`` and
``annotations/{instances,person_keypoints,captions,panoptic}_{train,val}2017.json``.
Panoptic PNGs lie beside the pictures and, as in the official archive, the JSON names them alone.
"""

from pathlib import Path
from typing import Any

import numpy as np
from pycocotools import mask as coco_mask

from argus.datasets.scenes.classes import KEYPOINT_NAMES, KEYPOINT_SKELETON, THING_CLASSES
from argus.datasets.scenes.labels import Instance, Labels
from argus.datasets.scenes.writers import panoptic
from argus.datasets.scenes.writers.files import write_image, write_json

FOLDERS = {"train": "train2017", "val": "val2017"}
FIRST_CATEGORY_ID = 1
_KINDS = ("instances", "person_keypoints", "captions", "panoptic")


def folders(root: Path, split: str) -> list[Path]:
    """Folders the pictures of a split go to."""
    name = FOLDERS[split]
    return [root / "coco" / name, root / "coco" / f"panoptic_{name}", root / "coco/annotations"]


def write_scene(
    root: Path, split: str, index: int, picture: np.ndarray, labels: Labels
) -> dict[str, Any]:
    """Write the pictures of one scene; return its annotations for `write_split`."""
    name = FOLDERS[split]
    image_id = index + 1
    stem = f"{image_id:012d}"
    height, width = labels.semantic.shape
    write_image(root / "coco" / name / f"{stem}.jpg", picture)
    write_image(
        root / "coco" / f"panoptic_{name}" / f"{stem}.png", panoptic.panoptic_picture(labels)
    )
    return {
        "image": {
            "id": image_id,
            "file_name": f"{stem}.jpg",
            "width": width,
            "height": height,
            "license": 1,
        },
        "instances": [_annotation(item, image_id) for item in labels.instances],
        "captions": [{"image_id": image_id, "caption": text} for text in labels.captions],
        "panoptic": {
            "image_id": image_id,
            "file_name": f"{stem}.png",
            "segments_info": panoptic.segments_info(labels, FIRST_CATEGORY_ID),
        },
    }


def encode_mask(mask: np.ndarray) -> dict[str, Any]:
    """Compressed run-length code of a (H, W) bool mask, ready for JSON."""
    code = coco_mask.encode(np.asfortranarray(mask, np.uint8))
    return {"size": [int(side) for side in code["size"]], "counts": code["counts"].decode()}


def _annotation(item: Instance, image_id: int) -> dict[str, Any]:
    x0, y0, x1, y1 = item.box
    annotation: dict[str, Any] = {
        "image_id": image_id,
        "category_id": THING_CLASSES.index(item.name) + FIRST_CATEGORY_ID,
        "bbox": [x0, y0, x1 - x0, y1 - y0],
        "area": item.area,
        "iscrowd": 0,
        "segmentation": encode_mask(item.mask),
    }
    if item.keypoints is not None:
        rounded = np.round(item.keypoints.astype(float), 2)
        annotation["keypoints"] = [
            value for x, y, seen in rounded for value in (float(x), float(y), int(seen))
        ]
        annotation["num_keypoints"] = int((rounded[:, 2] > 0).sum())
    return annotation


def write_split(root: Path, split: str, records: list[dict[str, Any]]) -> None:
    """Write the four JSON files of a split from what `write_scene` returned, in order."""
    things = [
        {"id": index + FIRST_CATEGORY_ID, "name": name, "supercategory": "thing"}
        for index, name in enumerate(THING_CLASSES)
    ]
    person = {
        "id": FIRST_CATEGORY_ID + THING_CLASSES.index("person"),
        "name": "person",
        "supercategory": "person",
        "keypoints": list(KEYPOINT_NAMES),
        "skeleton": [list(pair) for pair in KEYPOINT_SKELETON],
    }
    instances = _numbered(item for record in records for item in record["instances"])
    pose_fields = ("keypoints", "num_keypoints")
    content: dict[str, list[Any]] = {
        "instances": [
            {key: value for key, value in item.items() if key not in pose_fields}
            for item in instances
        ],
        "person_keypoints": [item for item in instances if "keypoints" in item],
        "captions": _numbered(item for record in records for item in record["captions"]),
        "panoptic": [record["panoptic"] for record in records],
    }
    groups = {
        "instances": things,
        "person_keypoints": [person],
        "panoptic": panoptic.categories(FIRST_CATEGORY_ID, len(THING_CLASSES)),
    }
    for kind in _KINDS:
        document: dict[str, Any] = {
            "info": {"description": f"Generated scenes, {split}", "version": "1.0"},
            "licenses": [{"id": 1, "name": "Apache-2.0", "url": ""}],
            "images": [record["image"] for record in records],
            "annotations": content[kind],
        }
        if kind in groups:
            document["categories"] = groups[kind]
        write_json(root / "coco/annotations" / f"{kind}_{FOLDERS[split]}.json", document)


def _numbered(items: Any) -> list[dict[str, Any]]:
    return [{"id": number, **item} for number, item in enumerate(items, start=1)]
