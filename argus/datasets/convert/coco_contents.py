"""What annotation files in COCO's format hold, as their owners count it.

Parsed, the full files have some gigabytes of numbers; outlines are dropped while they are read.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from argus.datasets.checks.coco_entries import read_annotations
from argus.errors import DataError


def read_outline(path: Path) -> Mapping[str, Any]:
    """An annotation file without its masks.

    Raises:
        DataError: It is no annotation file in COCO's format.
    """
    content = read_annotations(path, object_hook=_without_masks)
    lists = ("images", "annotations")
    if not isinstance(content, dict) or not all(
        isinstance(content.get(key), list) and all(isinstance(item, dict) for item in content[key])
        for key in lists
    ):
        raise DataError(f"{path}: expected lists 'images' and 'annotations' of objects (COCO).")
    return content


def _without_masks(item: dict[str, Any]) -> dict[str, Any]:
    for key in ("segmentation", "segments_info"):
        item.pop(key, None)
    return item


def image_names(path: Path) -> set[str]:
    """The file names of the pictures of an annotation file."""
    return {str(image.get("file_name")) for image in read_outline(path)["images"]}


def object_counts(content: Mapping[str, Any], file: str) -> dict[str, int]:
    """What is published of ``instances_*.json``, by ``<file> <what>``.

    Args:
        content: As :func:`read_outline` gives it.
        file: Name of the file.
    """
    objects = content["annotations"]
    with_objects = {item.get("image_id") for item in objects}
    without = sum(image.get("id") not in with_objects for image in content["images"])
    return class_counts(content, file) | {
        f"{file} objects": len(objects),
        f"{file} crowds": sum(bool(item.get("iscrowd")) for item in objects),
        f"{file} images without objects": without,
        f"{file} boxes without area": sum(_is_flat(item.get("bbox")) for item in objects),
    }


def person_counts(content: Mapping[str, Any], file: str) -> dict[str, int]:
    """What is published of ``person_keypoints_*.json``, by ``<file> <what>``."""
    persons = content["annotations"]
    return {
        f"{file} persons": len(persons),
        f"{file} persons with keypoints": sum(bool(item.get("num_keypoints")) for item in persons),
        f"{file} images with persons": len({item.get("image_id") for item in persons}),
    }


def class_counts(content: Mapping[str, Any], file: str) -> dict[str, int]:
    """Images and classes of a file, by ``<file> <what>``."""
    classes = content.get("categories")
    return {
        f"{file} images": len(content["images"]),
        f"{file} classes": len(classes) if isinstance(classes, list) else 0,
    }


def _is_flat(box: Any) -> bool:
    try:
        _, _, width, height = box
        return bool(min(width, height) <= 0)
    except (TypeError, ValueError):
        return True
