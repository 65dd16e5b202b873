"""Check the annotation files of a data set that are in COCO's format.

A ``.json`` may be another: which it is, the class of the data set and the content say.
"""

from collections.abc import Mapping
from typing import Any

from argus.datasets.checks.coco_entries import LISTS, is_coco, read_annotations
from argus.datasets.checks.coco_file import check_coco
from argus.datasets.checks.findings import Findings
from argus.datasets.checks.label_loaders import steps_of
from argus.datasets.checks.panoptic_file import check_panoptic, is_panoptic
from argus.datasets.checks.paths import annotation_files, flatten
from argus.errors import DataError
from argus.registry import DATASETS

# Where the data sets come from that read COCO's format and nothing else, and those derived of them.
_COCO_MODULES = (
    "argus.datasets.coco",
    "argus.datasets.ade20k",
    "mmdet.datasets.coco",
    "mmdet.datasets.coco_panoptic",
    "mmpose.datasets.datasets.body.coco_dataset",
)


def check_annotation_files(config: Mapping[str, Any], findings: Findings) -> None:
    """Check the annotation files that a data set config names, through wrappers.

    Args:
        config: Of a data set.
        findings: Where errors and counts go.
    """
    seen: set[str] = set()
    for single in flatten(config):
        for path in annotation_files(single):
            if path not in seen:
                seen.add(path)
                _check_file(path, config, findings, is_coco_set=_reads_coco(single))


def _check_file(
    path: str, config: Mapping[str, Any], findings: Findings, *, is_coco_set: bool
) -> None:
    try:
        content = read_annotations(path)
    except DataError as error:
        findings.errors.append(str(error))
        return
    if is_panoptic(content):
        check_panoptic(content, findings)
    elif is_coco_set or is_coco(content, *LISTS):
        check_coco(
            content,
            findings,
            with_masks=any(step.get("with_mask") for step in steps_of(config)),
            num_keypoints=_num_keypoints(config),
        )


def _reads_coco(config: Mapping[str, Any]) -> bool:
    kind = config.get("type")
    kind = DATASETS.get(kind) if isinstance(kind, str) else kind
    return any(base.__module__ in _COCO_MODULES for base in getattr(kind, "__mro__", ()))


def _num_keypoints(config: Any) -> int | None:
    """Keypoints of an instance of a data set of poses, through wrappers; ``None`` for others."""
    if isinstance(config, (list, tuple)):
        return next((found for found in map(_num_keypoints, config) if found is not None), None)
    if not isinstance(config, Mapping):
        return None
    kind = config.get("type")
    kind = DATASETS.get(kind) if isinstance(kind, str) else kind
    meta = config.get("metainfo") or getattr(kind, "METAINFO", None) or {}
    if {"keypoint_info", "from_file"} & set(meta):
        from mmpose.datasets.datasets.utils import parse_pose_metainfo

        return int(parse_pose_metainfo(dict(meta))["num_keypoints"])
    return _num_keypoints([config.get("dataset"), config.get("datasets")])
