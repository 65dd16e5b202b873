"""The labels of predictions and the categories of the truth, brought together by name.

mmdet's ``CocoMetric`` takes a label for the place of a category in the order of its file, and names
the values of single classes (``classwise``) by that order, though pycocotools sorts them by id. Its
``CocoPanopticMetric`` goes by the order of the file alone. mmpose's takes keypoints by their place.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import torch
from mmdet.evaluation import CocoMetric, CocoPanopticMetric, OVCocoMetric

from argus.names.categories import category_ids
from argus.names.keypoints import order_keypoints


def order_keypoints_of(metric: Any, dataset_meta: Mapping[str, Any], *, path: Any) -> None:
    """Put the keypoints that a metric of mmpose has read into the order of the data set.

    Args:
        metric: Any metric; one of mmpose that has read annotations is looked at.
        dataset_meta: ``metainfo`` of the evaluated data set.
        path: Annotation file of the metric, for the message.

    Raises:
        DataError: The file of the metric names other keypoints.
    """
    content = getattr(getattr(metric, "coco", None), "dataset", None)
    names = dataset_meta.get("keypoint_id2name")
    # A metric that converts keypoints to another definition reads the file in its own.
    if isinstance(content, Mapping) and names and getattr(metric, "gt_converter", None) is None:
        order_keypoints(content, [names[index] for index in range(len(names))], path)


def order_categories_of(metric: Any, dataset_meta: Mapping[str, Any], *, path: Any) -> None:
    """Put the categories of mmdet's ``CocoPanopticMetric`` into the order of the classes.

    It takes the place of a category in the list of its file for a label. Ids stay as they are.

    Args:
        metric: Any metric; another is left as it is.
        dataset_meta: ``metainfo`` of the evaluated data set.
        path: Annotation file of the metric, for the message.

    Raises:
        DataError: The file of the metric lacks a class.
    """
    content = getattr(getattr(metric, "_coco_api", None), "dataset", None)
    classes = dataset_meta.get("classes")
    if not isinstance(metric, CocoPanopticMetric) or content is None or not classes:
        return
    by_id = {category["id"]: category for category in content["categories"]}
    meant = category_ids(content, classes, path)
    others = [item for item in content["categories"] if item["name"] not in classes]
    content["categories"] = [by_id[identity] for identity in meant] + others


def places_of_classes(
    metric: Any, dataset_meta: Mapping[str, Any], *, path: Any
) -> np.ndarray | None:
    """Place of each class among the categories of a metric of mmdet, which are sorted by id here.

    Args:
        metric: Any metric; categories are looked up for mmdet's ``CocoMetric`` and LVIS metrics.
        dataset_meta: ``metainfo`` of the evaluated data set.
        path: Annotation file of the metric, for the message.

    Returns:
        (number of classes,) the number that stands for the class in the metric's eyes; ``None`` if
        that is its label, or the metric is another.

    Raises:
        DataError: The file of the metric lacks a class.
    """
    coco, lvis = getattr(metric, "_coco_api", None), getattr(metric, "_lvis_api", None)
    classes = dataset_meta.get("classes")
    if lvis is not None and classes:
        # mmdet's of LVIS take the place of a category in the file; the evaluation sorts by id.
        metric.cat_ids = sorted(lvis.get_cat_ids())
        return _places(category_ids(lvis.dataset, classes, path), metric.cat_ids)
    # One with an open vocabulary counts the categories by itself.
    if not isinstance(metric, CocoMetric) or isinstance(metric, OVCocoMetric):
        return None
    if coco is None or not classes:
        return None
    ids = category_ids(coco.dataset, classes, path)
    metric.cat_ids = np.unique(ids).tolist()  # the order of pycocotools
    return _places(ids, metric.cat_ids)


def _places(ids: Sequence[Any], among: Sequence[Any]) -> np.ndarray | None:
    places = np.array([list(among).index(identity) for identity in ids])
    return None if (places == np.arange(len(places))).all() else places


def renumbered(sample: Any, places: np.ndarray) -> dict[str, Any]:
    """A data sample with predictions, as a dict, in which places stand for labels."""
    values: dict[str, Any] = dict(sample if isinstance(sample, Mapping) else sample.to_dict())
    predictions = dict(values["pred_instances"])
    labels = predictions["labels"]
    predictions["labels"] = torch.as_tensor(places, device=labels.device)[labels.long()]
    return values | {"pred_instances": predictions}
