"""Whether a panoptic annotation file in COCO's format is what its readers trust, and what it holds.

Training, validation and ``argus check`` alike look at a file here first.
"""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from argus.datasets.checks.coco_entries import (
    LISTS,
    category_problem,
    image_problem,
    is_coco,
    is_id,
    is_number,
    refuse,
    shown,
)
from argus.datasets.checks.findings import Findings

_NUM_COLOURS = 2**24  # by which the PNG tells segments apart


def is_panoptic(content: Any) -> bool:
    """Whether the annotations of a parsed JSON file are panoptic ones."""
    annotations = content.get("annotations") if isinstance(content, Mapping) else None
    return isinstance(annotations, list) and any(
        isinstance(annotation, Mapping) and "segments_info" in annotation
        for annotation in annotations[:1]
    )


def check_panoptic_file(content: Any, path: str | Path) -> None:
    """Refuse a file that its readers cannot take.

    Args:
        content: The parsed JSON file.
        path: The file, for the message.

    Raises:
        DataError: Naming the first entries that are wrong: field, expected and found.
    """
    missing = [key for key in LISTS if not is_coco(content, key)]
    refuse(path, [f"no list {key!r}: not a panoptic file in COCO's format" for key in missing])
    findings = Findings(where=str(path))
    check_panoptic(content, findings)
    refuse(path, findings.errors)


def check_panoptic(content: Mapping[str, Any], findings: Findings) -> None:
    """Count what a panoptic file holds and report what is wrong with it.

    Args:
        content: The parsed JSON file.
        findings: Where errors and counts go.
    """
    images = {
        item["id"]
        for item in _entries(content, "images", "id", findings)
        if _is_fine("image", item, image_problem(item), findings)
    }
    categories = {
        item["id"]: item["name"]
        for item in _entries(content, "categories", "id", findings)
        if _is_fine("category", item, _category_problem(item), findings)
    }
    findings.classes.update(dict.fromkeys(categories.values(), 0))
    findings.count("images in the annotation file", len(images))
    annotated = set()
    for annotation in _entries(content, "annotations", "image_id", findings):
        image = annotation["image_id"]
        if image not in images:
            findings.errors.append(
                f"annotation of image_id {shown(image)}, which is not in 'images'"
            )
        elif image in annotated:
            findings.errors.append(f"image {shown(image)} is annotated more than once")
        annotated.add(image)
        _check_segments(annotation, categories, findings)
    findings.count("images without annotation", len(images - annotated))


def _is_fine(kind: str, item: Mapping[str, Any], problem: str | None, findings: Findings) -> bool:
    if problem is not None:
        findings.errors.append(f"{kind} {shown(item['id'])}: {problem}")
    return problem is None


def _category_problem(category: Mapping[str, Any]) -> str | None:
    if category_problem(category) is None and category.get("isthing") not in (0, 1):
        return f"isthing {shown(category.get('isthing'))}, expected 0 or 1"
    return category_problem(category)


def _segment_problem(segment: Any) -> str | None:
    if not isinstance(segment, Mapping):
        return f"expected an object with id, category_id and area, found {shown(segment)}"
    number = segment.get("id")
    if not isinstance(number, int) or not 0 < number < _NUM_COLOURS:
        return f"id {shown(number)}, expected a whole number, 1..{_NUM_COLOURS - 1:,}"
    if not is_id(segment.get("category_id")):
        return f"category_id {shown(segment.get('category_id'))}, expected a whole number"
    if not is_number(segment.get("area")):
        return f"area {shown(segment.get('area'))}, expected a finite number"
    if segment.get("iscrowd", 0) not in (0, 1):
        return f"iscrowd {shown(segment['iscrowd'])}, expected 0 or 1"
    return None


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
    image = shown(annotation["image_id"])
    name = annotation.get("file_name")
    if not isinstance(name, str) or not name:
        findings.errors.append(f"image {image}: file_name {shown(name)}, expected that of its PNG")
    stated = annotation.get("segments_info")
    if not isinstance(stated, list):
        findings.errors.append(f"image {image}: segments_info {shown(stated)}, expected a list")
        return
    problems = [_segment_problem(segment) for segment in stated]
    findings.errors += [
        f"image {image}, segment {index}: {problem}"
        for index, problem in enumerate(problems, start=1)
        if problem is not None
    ]
    segments = [s for s, problem in zip(stated, problems, strict=True) if problem is None]
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
                f"{shown(category)} is not in 'categories'"
            )
            continue
        findings.classes[categories[category]] += 1
        findings.count("crowd segments (ignored)", int(bool(segment.get("iscrowd"))))
