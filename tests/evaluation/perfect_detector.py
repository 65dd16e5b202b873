"""A detector that finds everything, by the names of the classes that it has learned."""

import json
from pathlib import Path
from typing import Any

import torch
from mmdet.evaluation import CocoMetric
from mmengine.structures import InstanceData

from argus.evaluation.evaluator import TaskEvaluator


def perfect_results(
    path: Path, learned: tuple[str, ...], *, classes: tuple[str, ...] | None = None, **metric: Any
) -> dict[str, float]:
    """Metrics of the boxes that an annotation file has.

    Args:
        path: The file.
        learned: Classes of the detector, by the labels that it gives.
        classes: Those that the evaluated data set says it has; the same by default.
        metric: Further arguments of the metric.
    """
    content = json.loads(path.read_text())
    names = {item["id"]: item["name"] for item in content["categories"]}
    config = dict(type=CocoMetric, ann_file=str(path), metric="bbox", **metric)
    evaluator = TaskEvaluator("toy", [config], dataset_meta=dict(classes=classes or learned))
    for image in content["images"]:
        truth = [
            item
            for item in content["annotations"]
            if item["image_id"] == image["id"] and names[item["category_id"]] in learned
        ]
        corners = [[x, y, x + w, y + h] for x, y, w, h in (item["bbox"] for item in truth)]
        found = InstanceData(
            bboxes=torch.tensor(corners, dtype=torch.float32).reshape(-1, 4),
            labels=torch.tensor([learned.index(names[item["category_id"]]) for item in truth]),
            scores=torch.ones(len(truth)),
        )
        shape = (image["height"], image["width"])
        evaluator.process([dict(img_id=image["id"], ori_shape=shape, pred_instances=found)], {})
    return evaluator.evaluate(len(content["images"]))
