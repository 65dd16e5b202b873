"""The tasks of Label Studio's JSON and of its JSON-MIN: who annotated what.

In the one a task has ``annotations``, one a person, each with a list ``result`` of regions; in the
other there is an entry an annotation, with a list of regions under the name of the control.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from argus.datasets.checks.coco_entries import shown
from argus.errors import DataError

Region = Mapping[str, Any]
# Of JSON-MIN, what is neither a picture nor a control.
_NO_CONTROLS = ("id", "annotator", "annotation_id", "created_at", "updated_at", "lead_time")


@dataclass(frozen=True, kw_only=True)
class Annotation:
    """What a person said of a picture.

    Args:
        regions: Each with what is in its ``value`` beside the rest.
        is_ground_truth: Whether it is marked as such.
        updated: When it was changed last, a text that sorts; empty if nothing says it.
        where: For messages.
    """

    regions: tuple[Region, ...]
    is_ground_truth: bool
    updated: str
    where: str


def texts_of(task: Mapping[str, Any]) -> list[str]:
    """The texts of a task that may name its picture."""
    data = task.get("data")
    fields = data if isinstance(data, dict) else task
    return [v for v in (*fields.values(), task.get("file_upload")) if isinstance(v, str)]


def annotations_of(task: Mapping[str, Any], where: str) -> list[Annotation]:
    """The annotations of a task that were not cancelled.

    Raises:
        DataError: They are no list of objects.
    """
    if not isinstance(task.get("data"), dict):
        return [_annotation(task, tuple(_short_regions(task, where)), where)]
    stated = task.get("annotations", task.get("completions"))
    if not isinstance(stated, list) or not all(isinstance(one, dict) for one in stated):
        raise DataError(f"{where}: annotations {shown(stated)}, expected a list of objects.")
    return [
        _annotation(one, tuple(_regions(one.get("result"), where)), where)
        for one in stated
        if not one.get("was_cancelled")
    ]


def _annotation(stated: Mapping[str, Any], regions: tuple[Region, ...], where: str) -> Annotation:
    return Annotation(
        regions=regions,
        is_ground_truth=stated.get("ground_truth") is True,
        updated=str(stated.get("updated_at") or stated.get("created_at") or ""),
        where=where,
    )


def _regions(result: Any, where: str) -> list[Region]:
    if not isinstance(result, list):
        raise DataError(f"{where}: result {shown(result)}, expected a list.")
    found: list[Region] = []
    for region in result:
        if not isinstance(region, dict):
            raise DataError(f"{where}: a region {shown(region)}, expected an object.")
        value = region.get("value")
        found.append(region | (value if isinstance(value, dict) else {}))
    return found


def _short_regions(task: Mapping[str, Any], where: str) -> list[Region]:
    """The regions of an entry of JSON-MIN, and the choices that stand there as plain texts."""
    found: list[Region] = []
    for key, value in task.items():
        if key in _NO_CONTROLS:
            continue
        if isinstance(value, list) and value and all(isinstance(one, dict) for one in value):
            found += _regions(value, where)
        elif isinstance(value, dict) and isinstance(value.get("choices"), list):
            found.append(value)
        elif key in ("choice", "choices") and isinstance(value, str):
            found.append(dict(choices=[value]))
    return found
