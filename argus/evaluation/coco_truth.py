"""Annotations in COCO's format as its evaluation takes them for granted.

pycocotools keeps the id of a matched annotation where 0 means "none", reads ``iscrowd`` of all, and
sorts by ids that are numbers; keypoint evaluation reads ``area`` and ``num_keypoints``. Labelling
tools number from 0 or by texts, and leave out what they do not know.
"""

from collections.abc import Mapping
from typing import Any

from pycocotools import mask

from argus.errors import DataError


def complete_truth(metric: Any, path: str | None = None) -> None:
    """Renumber and complete the annotations that a metric of mmdet or mmpose has read.

    Ids become numbers from 1 if one of them is not above 0; an absent ``iscrowd`` is 0, of panoptic
    segments too; of poses, absent keypoints are none, and an absent area is that of the
    segmentation.

    Args:
        metric: Any metric; one without such annotations is left as it is.
        path: The file they are from, for messages.

    Raises:
        DataError: The area of a pose, or the mask of an object, is needed and not to be had.
    """
    for name in ("_coco_api", "coco"):
        coco: Any = getattr(metric, name, None)
        if not isinstance(getattr(coco, "dataset", None), Mapping):
            continue
        # Panoptic truth is one entry a picture, without an id, and has an evaluation of its own.
        if _is_panoptic(coco.dataset):
            _complete_segments(coco.dataset)
        else:
            _complete(coco, metric, is_pose=name == "coco")
            if "segm" in getattr(metric, "metrics", ()):
                _check_masks(coco, metric, path)


def _is_panoptic(content: Mapping[str, Any]) -> bool:
    return any("segments_info" in entry for entry in content.get("annotations", ()))


def _complete_segments(content: Mapping[str, Any]) -> None:
    for entry in content["annotations"]:
        for segment in entry["segments_info"]:
            segment["iscrowd"] = segment.get("iscrowd") or 0


def _complete(coco: Any, metric: Any, *, is_pose: bool) -> None:
    annotations = coco.dataset.get("annotations", [])
    if not all(type(entry["id"]) is int and entry["id"] > 0 for entry in annotations):
        for number, entry in enumerate(annotations, start=1):
            entry["id"] = number
        coco.anns = {entry["id"]: entry for entry in annotations}
    num_keypoints = _num_keypoints(annotations, coco.dataset.get("categories", [])) * is_pose
    for number, entry in enumerate(annotations, start=1):
        entry["iscrowd"] = entry.get("iscrowd") or 0
        if not is_pose:
            continue
        entry["keypoints"] = entry.get("keypoints") or [0] * (3 * num_keypoints)
        if entry.get("num_keypoints") is None:
            entry["num_keypoints"] = sum(flag > 0 for flag in entry["keypoints"][2::3])
        if entry.get("area") is None and getattr(metric, "use_area", True):
            entry["area"] = _area(coco, entry, number, metric)


def _check_masks(coco: Any, metric: Any, path: str | None) -> None:
    """The evaluation takes the mask of every object of the classes that are measured."""
    names = set((metric.dataset_meta or {}).get("classes") or ())
    measured = {number for number, entry in coco.cats.items() if entry["name"] in names}
    for number, entry in enumerate(coco.dataset.get("annotations", []), start=1):
        if entry["category_id"] in measured and not entry.get("segmentation"):
            raise DataError(
                f"{path or 'annotations'}: annotation number {number} of the list has no "
                "segmentation; metric 'segm' compares masks with all objects of the truth. Give it "
                "one, or measure boxes alone: metric='bbox'."
            )


def _num_keypoints(annotations: Any, categories: Any) -> int:
    named = max((len(entry.get("keypoints") or ()) for entry in categories), default=0)
    given = max((len(entry.get("keypoints") or ()) for entry in annotations), default=0)
    return max(named, given // 3)


def _area(coco: Any, entry: Mapping[str, Any], number: int, metric: Any) -> float:
    if entry.get("segmentation"):
        return float(mask.area(coco.annToRLE(entry)))
    if entry["num_keypoints"] == 0:
        return 0.0  # it is ignored
    raise DataError(
        f"{getattr(metric, 'ann_file', None) or 'annotations'}: annotation number {number} of the "
        "list has keypoints, but neither area nor segmentation; the similarity of poses is by the "
        "area. Add area, in square pixels, or set use_area=False in the metric, where it is that "
        "of the box."
    )
