"""Check an annotation file in COCO format without building a data set."""

from collections.abc import Mapping
from typing import Any

from argus.datasets.checks.coco_entries import entry_problems, is_coco
from argus.datasets.checks.findings import Findings

CROWD = "crowd regions (ignored)"
NO_AREA = "zero-area boxes (dropped)"
OUTSIDE = "boxes outside their image (dropped)"
NO_KEYPOINTS = "instances without keypoints (dropped)"
NO_POLYGON = "masks without a valid polygon (ignored)"


def check_coco(
    content: Any, findings: Findings, *, with_masks: bool, num_keypoints: int | None
) -> None:
    """Count what an annotation file holds and report what is wrong with it.

    Args:
        content: The parsed JSON file.
        findings: Where errors, warnings and counts go.
        with_masks: Whether the task learns masks.
        num_keypoints: Keypoints of one instance, ``None`` for boxes and masks alone.
    """
    problems = list(entry_problems(content, num_keypoints=num_keypoints))
    findings.errors += [problem.text for problem in problems]
    if not is_coco(content):
        return
    wrong = {(problem.key, problem.position) for problem in problems}
    image_list, category_list, annotations = (
        [item for index, item in enumerate(content[key]) if (key, index) not in wrong]
        for key in ("images", "categories", "annotations")
    )
    images = {image["id"]: image for image in image_list}
    categories = {item["id"]: item["name"] for item in category_list}
    findings.classes.update(dict.fromkeys(categories.values(), 0))
    findings.count("images in the annotation file", len(content["images"]))
    annotated = set()
    for annotation in annotations:
        if annotation["category_id"] not in categories:
            findings.errors.append(
                f"annotation {annotation['id']}: label out of range: category_id "
                f"{annotation['category_id']} is not in 'categories' ({_range(categories)})"
            )
            continue
        findings.count("annotations")
        findings.classes[categories[annotation["category_id"]]] += 1
        annotated.add(annotation["image_id"])
        _count_kinds(
            annotation, images[annotation["image_id"]], findings, with_masks, num_keypoints
        )
    findings.count("images without annotation", len(images.keys() - annotated))


def _range(ids: Mapping[Any, str]) -> str:
    numbers = [identity for identity in ids if isinstance(identity, int)]
    return f"ids {min(numbers)}..{max(numbers)}" if numbers else "it has none"


def _count_kinds(
    annotation: Mapping[str, Any],
    image: Mapping[str, Any],
    findings: Findings,
    with_masks: bool,
    num_keypoints: int | None,
) -> None:
    kinds = ignored_kinds(annotation, image, num_keypoints=num_keypoints)
    if num_keypoints is not None:
        is_labelled = NO_KEYPOINTS not in kinds and CROWD not in kinds
        findings.count("instances with keypoints", int(is_labelled))
        findings.count(NO_KEYPOINTS, 0)
    elif with_masks and not annotation.get("segmentation"):
        findings.errors.append(
            f"annotation {annotation.get('id')}: no segmentation, but the task learns masks"
        )
    elif with_masks and not has_polygon(annotation["segmentation"]):
        kinds.append(NO_POLYGON)
    for kind in kinds:
        findings.count(kind)


def ignored_kinds(
    annotation: Mapping[str, Any], image: Mapping[str, Any], *, num_keypoints: int | None
) -> list[str]:
    """Why nothing is learned from an annotation, its mask apart; empty if something is.

    Args:
        annotation: An entry that can be read.
        image: Its entry of ``images``.
        num_keypoints: As for :func:`check_coco`.
    """
    x, y, width, height = annotation["bbox"]
    kinds = []
    if annotation.get("iscrowd"):
        kinds.append(CROWD)
    if width <= 0 or height <= 0:
        kinds.append(NO_AREA)
    elif x >= image["width"] or y >= image["height"] or x + width <= 0 or y + height <= 0:
        kinds.append(OUTSIDE)
    if num_keypoints is not None:
        if not any(v > 0 for v in (annotation.get("keypoints") or ())[2::3]):
            kinds.append(NO_KEYPOINTS)
    return kinds


def has_polygon(segmentation: Any) -> bool:
    """Whether a segmentation is a run-length mask, or has a polygon of three corners."""
    if isinstance(segmentation, list):
        return any(len(polygon) >= 6 for polygon in segmentation)
    return bool(segmentation)
