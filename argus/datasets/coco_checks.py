"""Check an annotation file in COCO format without building a data set."""

from collections import Counter
from collections.abc import Mapping
from typing import Any

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
    for key in ("images", "annotations", "categories"):
        if not isinstance(content, dict) or not isinstance(content.get(key), list):
            findings.errors.append(f"the annotation file has no list {key!r}: not COCO format")
            return
    images = {image["id"]: image for image in content["images"]}
    categories = {item["id"]: item["name"] for item in content["categories"]}
    findings.classes.update(dict.fromkeys(categories.values(), 0))
    findings.count("images in the annotation file", len(content["images"]))
    _check_ids(content, findings)
    annotated = set()
    for annotation in content["annotations"]:
        problem = _problem(annotation, images, categories, num_keypoints)
        if problem:
            findings.errors.append(f"annotation {annotation.get('id')}: {problem}")
            continue
        findings.count("annotations")
        findings.classes[categories[annotation["category_id"]]] += 1
        annotated.add(annotation["image_id"])
        _count_kinds(
            annotation, images[annotation["image_id"]], findings, with_masks, num_keypoints
        )
    findings.count("images without annotation", len(images.keys() - annotated))


def _check_ids(content: Mapping[str, Any], findings: Findings) -> None:
    for key in ("images", "annotations", "categories"):
        repeated = [i for i, n in Counter(item["id"] for item in content[key]).items() if n > 1]
        if repeated:
            findings.errors.append(
                f"{len(repeated)} ids of {key!r} occur more than once: {repeated[:5]}"
            )


def _problem(
    annotation: Mapping[str, Any],
    images: Mapping[Any, Any],
    categories: Mapping[Any, str],
    num_keypoints: int | None,
) -> str | None:
    """What makes an annotation unusable; ``None`` if it is fine."""
    if annotation.get("image_id") not in images:
        return f"image_id {annotation.get('image_id')} is not in 'images'"
    if annotation.get("category_id") not in categories:
        return (
            f"label out of range: category_id {annotation.get('category_id')} is not in "
            f"'categories' (ids {min(categories, default=None)}..{max(categories, default=None)})"
        )
    if len(annotation.get("bbox", ())) != 4:
        return f"bbox {annotation.get('bbox')}, expected [x, y, width, height]"
    keypoints = annotation.get("keypoints")
    if num_keypoints and keypoints is not None and len(keypoints) != 3 * num_keypoints:
        return f"{len(keypoints)} keypoint values, expected {3 * num_keypoints}"
    return None


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
        labelled = sum(v > 0 for v in annotation.get("keypoints", [])[2::3])
        findings.count("instances with keypoints", int(labelled > 0 and not crowd))
        findings.count("instances without keypoints (dropped)", int(labelled == 0))
    elif with_masks and not annotation.get("segmentation"):
        findings.errors.append(
            f"annotation {annotation.get('id')}: no segmentation, but the task learns masks"
        )
    elif with_masks and isinstance(annotation["segmentation"], list):
        if not any(len(p) >= 6 and len(p) % 2 == 0 for p in annotation["segmentation"]):
            findings.count("masks without a valid polygon (ignored)")
