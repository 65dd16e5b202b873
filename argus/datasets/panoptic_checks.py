"""Check a panoptic annotation file in COCO's format without building a data set."""

from collections.abc import Iterator, Mapping
from typing import Any

from argus.datasets.coco_entries import category_problem, is_id, shown
from argus.datasets.findings import Findings

_SEGMENT_IDS = ("id", "category_id")


def is_panoptic(content: Any) -> bool:
    """Whether the annotations of a parsed JSON file are panoptic ones."""
    annotations = content.get("annotations") if isinstance(content, Mapping) else None
    return isinstance(annotations, list) and any(
        isinstance(annotation, Mapping) and "segments_info" in annotation
        for annotation in annotations[:1]
    )


def check_panoptic(content: Mapping[str, Any], findings: Findings) -> None:
    """Count what a panoptic file holds and report what is wrong with it.

    Args:
        content: The parsed JSON file.
        findings: Where errors and counts go.
    """
    images = {image["id"] for image in _entries(content, "images", "id", findings)}
    categories = {
        item["id"]: str(item.get("name"))
        for item in _entries(content, "categories", "id", findings)
        if category_problem(item) is None or _report(findings, "category", item)
    }
    findings.classes.update(dict.fromkeys(categories.values(), 0))
    findings.count("images in the annotation file", len(images))
    annotated = set()
    for annotation in _entries(content, "annotations", "image_id", findings):
        image = annotation["image_id"]
        if image not in images:
            findings.errors.append(f"annotation of image_id {image}, which is not in 'images'")
        elif image in annotated:
            findings.errors.append(f"image {image} is annotated more than once")
        annotated.add(image)
        _check_segments(annotation, categories, findings)
    findings.count("images without annotation", len(images - annotated))


def _report(findings: Findings, kind: str, item: Mapping[str, Any]) -> bool:
    findings.errors.append(f"{kind} {item['id']}: {category_problem(item)}")
    return False


def _entries(
    content: Mapping[str, Any], key: str, identity: str, findings: Findings
) -> Iterator[Mapping[str, Any]]:
    """The objects of a list that have an id; the others are reported."""
    entries = content.get(key, ())
    if not isinstance(entries, (list, tuple)):
        findings.errors.append(f"{key!r} is {shown(entries)}, expected a list")
        return
    for index, entry in enumerate(entries):
        if isinstance(entry, Mapping) and is_id(entry.get(identity)):
            yield entry
        else:
            found = shown(entry.get(identity)) if isinstance(entry, Mapping) else shown(entry)
            findings.errors.append(
                f"entry {index + 1} of {key!r}: expected an object with {identity}, a whole number "
                f"or a text, found {found}"
            )


def _check_segments(
    annotation: Mapping[str, Any], categories: Mapping[Any, str], findings: Findings
) -> None:
    image = annotation["image_id"]
    stated = annotation.get("segments_info", ())
    if not isinstance(stated, (list, tuple)):
        findings.errors.append(f"image {image}: segments_info {shown(stated)}, expected a list")
        return
    segments = [
        segment
        for segment in stated
        if isinstance(segment, Mapping) and all(is_id(segment.get(k)) for k in _SEGMENT_IDS)
    ]
    if len(segments) < len(stated):
        findings.errors.append(
            f"image {image}: {len(stated) - len(segments)} of its segments are malformed, expected "
            "objects with id and category_id"
        )
    findings.count("segments", len(stated))
    findings.count("images without segments", int(not stated))
    ids = [segment["id"] for segment in segments]
    if len(set(ids)) < len(ids):
        findings.errors.append(f"image {image}: a segment id occurs twice")
    for segment in segments:
        category = segment["category_id"]
        if category not in categories:
            findings.errors.append(
                f"image {image}, segment {segment['id']}: label out of range: category_id "
                f"{category} is not in 'categories'"
            )
            continue
        findings.classes[categories[category]] += 1
        findings.count("crowd segments (ignored)", int(bool(segment.get("iscrowd"))))
