"""Whether the annotation file of a metric can be read, and is about the pictures of its data set.

A metric names a file of its own, which pycocotools reads as it is: entries of another form end an
evaluation after its last picture, and pictures that it does not have count for nothing.
"""

import os
from collections.abc import Iterator, Mapping
from typing import Any

from argus.datasets.checks.coco_entries import (
    entry_problems,
    is_coco,
    read_annotations,
    refuse,
    shown,
)
from argus.datasets.checks.findings import Findings
from argus.datasets.checks.panoptic_file import check_panoptic, is_panoptic
from argus.datasets.checks.paths import annotation_files
from argus.errors import DataError
from argus.names.wording import counted

_MAX_SHOWN = 3


def check_metric_file(metric: Any, config: Mapping[str, Any], dataset: Any) -> None:
    """Refuse the annotation file of a metric if it cannot be read, or is of other pictures.

    Args:
        metric: Config of a metric; one without a JSON file is not looked at.
        config: Of the evaluated data set, whose own files have been looked at.
        dataset: Built from it; the ids of one without ``get_data_info`` are not compared.

    Raises:
        DataError: Naming the first entries that are wrong.
    """
    path = _file_of(metric)
    if path is not None:
        refuse(path, metric_file_problems(metric, config, dataset))


def metric_file_problems(metric: Any, config: Mapping[str, Any], dataset: Any) -> Iterator[str]:
    """What is wrong with the annotation file of a metric, entry by entry.

    Arguments as for :func:`check_metric_file`.
    """
    path = _file_of(metric)
    if path is None or _is_one_of(path, annotation_files(config)):
        return
    try:
        content = read_annotations(path)
    except DataError as error:
        yield str(error).removeprefix(f"{path}: ")
        return
    if is_panoptic(content):
        findings = Findings(where=path)
        check_panoptic(content, findings)
        yield from findings.errors
    # One that converts keypoints reads a file of another definition.
    elif not metric.get("gt_converter"):
        number = dataset.metainfo.get("num_keypoints")
        for problem in entry_problems(content, num_keypoints=number):
            yield problem.text
    yield from _other_pictures(content, dataset)


def _file_of(metric: Any) -> str | None:
    path = metric.get("ann_file") if isinstance(metric, Mapping) else None
    is_local = isinstance(path, str) and "://" not in path and path.endswith(".json")
    return path if is_local else None


def _is_one_of(path: str, others: list[str]) -> bool:
    return os.path.realpath(path) in map(os.path.realpath, others)


def _other_pictures(content: Any, dataset: Any) -> Iterator[str]:
    if not is_coco(content, "images") or not hasattr(dataset, "get_data_info"):
        return
    known = {
        item["id"]
        for item in content["images"]
        if isinstance(item, dict) and isinstance(item.get("id"), (int, str))
    }
    infos = (dataset.get_data_info(index) for index in range(len(dataset)))
    found = {info["img_id"] for info in infos if isinstance(info.get("img_id"), (int, str))}
    lacking = sorted(found - known, key=str)
    if lacking:
        yield (
            f"it has no image {', '.join(map(shown, lacking[:_MAX_SHOWN]))}"
            f"{' ...' if len(lacking) > _MAX_SHOWN else ''}, which the data set has: "
            f"{len(lacking):,} of its {counted(len(found), 'image')} cannot be measured. Give "
            "the metric "
            "the file of the data set"
        )
