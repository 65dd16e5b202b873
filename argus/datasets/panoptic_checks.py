"""Check a panoptic annotation file in COCO's format without building a data set."""

from collections.abc import Mapping
from typing import Any

from argus.datasets.findings import Findings


def is_panoptic(content: Any) -> bool:
    """Whether the annotations of a parsed JSON file are panoptic ones."""
    annotations = content.get("annotations") if isinstance(content, Mapping) else None
    return isinstance(annotations, list) and "segments_info" in (annotations or [()])[0]


def check_panoptic(content: Mapping[str, Any], findings: Findings) -> None:
    """Count what a panoptic file holds and report what is wrong with it.

    Args:
        content: The parsed JSON file.
        findings: Where errors and counts go.
    """
    images = {image["id"] for image in content.get("images", ())}
    categories = {item["id"]: item["name"] for item in content.get("categories", ())}
    findings.classes.update(dict.fromkeys(categories.values(), 0))
    findings.count("images in the annotation file", len(images))
    annotated = set()
    for annotation in content["annotations"]:
        image = annotation.get("image_id")
        if image not in images:
            findings.errors.append(f"annotation of image_id {image}, which is not in 'images'")
        elif image in annotated:
            findings.errors.append(f"image {image} is annotated more than once")
        annotated.add(image)
        _check_segments(annotation, categories, findings)
    findings.count("images without annotation", len(images - annotated))


def _check_segments(
    annotation: Mapping[str, Any], categories: Mapping[Any, str], findings: Findings
) -> None:
    segments = annotation.get("segments_info", ())
    findings.count("segments", len(segments))
    findings.count("images without segments", int(not segments))
    ids = [segment.get("id") for segment in segments]
    if len(set(ids)) < len(ids):
        findings.errors.append(f"image {annotation.get('image_id')}: a segment id occurs twice")
    for segment in segments:
        category = segment.get("category_id")
        if category not in categories:
            findings.errors.append(
                f"image {annotation.get('image_id')}, segment {segment.get('id')}: label out of "
                f"range: category_id {category} is not in 'categories'"
            )
            continue
        findings.classes[categories[category]] += 1
        findings.count("crowd segments (ignored)", int(bool(segment.get("iscrowd"))))
