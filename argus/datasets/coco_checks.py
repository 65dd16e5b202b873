"""Check an annotation file in COCO format without building a data set."""

from collections.abc import Mapping
from typing import Any

from argus.datasets.coco_entries import entry_problems, is_coco
from argus.datasets.findings import Findings

_CROWD = "crowd regions (ignored)"
_NO_AREA = "zero-area boxes (dropped)"
_OUTSIDE = "boxes outside their image (dropped)"
_NO_KEYPOINTS = "instances without keypoints (dropped)"
_NO_POLYGON = "masks without a valid polygon (ignored)"
_IGNORED = (_CROWD, _NO_AREA, _OUTSIDE, _NO_KEYPOINTS, _NO_POLYGON)


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
    annotated, num_usable = set(), 0
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
        num_usable += _count_kinds(
            annotation, images[annotation["image_id"]], findings, with_masks, num_keypoints
        )
    findings.count("images without annotation", len(images.keys() - annotated))
    _judge(num_usable, findings)


def _judge(num_usable: int, findings: Findings) -> None:
    total = findings.counts.get("annotations", 0)
    ignored = [f"{n} {kind}" for kind, n in findings.counts.items() if n and kind in _IGNORED]
    why = f": {', '.join(ignored)}" if ignored else ""
    if total and not num_usable:
        findings.errors.append(f"nothing to learn: all {total} annotations are ignored{why}")
    elif num_usable < total / 2:
        findings.warnings.append(f"{total - num_usable} of {total} annotations are ignored{why}")


def _range(ids: Mapping[Any, str]) -> str:
    numbers = [identity for identity in ids if isinstance(identity, int)]
    return f"ids {min(numbers)}..{max(numbers)}" if numbers else "it has none"


def _count_kinds(
    annotation: Mapping[str, Any],
    image: Mapping[str, Any],
    findings: Findings,
    with_masks: bool,
    num_keypoints: int | None,
) -> bool:
    """Count what is odd of an annotation; whether a training learns from it."""
    x, y, width, height = annotation["bbox"]
    kinds = []
    if annotation.get("iscrowd"):
        kinds.append(_CROWD)
    if width <= 0 or height <= 0:
        kinds.append(_NO_AREA)
    elif x >= image["width"] or y >= image["height"] or x + width <= 0 or y + height <= 0:
        kinds.append(_OUTSIDE)
    if num_keypoints is not None:
        labelled = any(v > 0 for v in (annotation.get("keypoints") or ())[2::3])
        findings.count("instances with keypoints", int(labelled and _CROWD not in kinds))
        findings.count(_NO_KEYPOINTS, 0)
        if not labelled:
            kinds.append(_NO_KEYPOINTS)
    elif with_masks and not annotation.get("segmentation"):
        findings.errors.append(
            f"annotation {annotation.get('id')}: no segmentation, but the task learns masks"
        )
    elif with_masks and isinstance(annotation["segmentation"], list):
        if not any(len(p) >= 6 for p in annotation["segmentation"]):
            kinds.append(_NO_POLYGON)
    for kind in kinds:
        findings.count(kind)
    return not kinds
