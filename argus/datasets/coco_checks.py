"""Check an annotation file in COCO format without building a data set."""

from collections.abc import Mapping
from typing import Any

from argus.datasets.coco_entries import entry_problems, is_coco
from argus.datasets.findings import Findings


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
    x, y, width, height = annotation["bbox"]
    crowd = bool(annotation.get("iscrowd"))
    if crowd:
        findings.count("crowd regions (ignored)")
    if width <= 0 or height <= 0:
        findings.count("zero-area boxes (dropped)")
    elif x >= image["width"] or y >= image["height"] or x + width <= 0 or y + height <= 0:
        findings.count("boxes outside their image (dropped)")
    if num_keypoints is not None:
        labelled = sum(v > 0 for v in annotation.get("keypoints", ())[2::3])
        findings.count("instances with keypoints", int(labelled > 0 and not crowd))
        findings.count("instances without keypoints (dropped)", int(labelled == 0))
    elif with_masks and not annotation.get("segmentation"):
        findings.errors.append(
            f"annotation {annotation.get('id')}: no segmentation, but the task learns masks"
        )
    elif with_masks and isinstance(annotation["segmentation"], list):
        if not any(len(p) >= 6 for p in annotation["segmentation"]):
            findings.count("masks without a valid polygon (ignored)")
