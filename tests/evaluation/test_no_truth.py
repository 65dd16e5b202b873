"""Metrics that say 0 where there is nothing to compare with are not measured there."""

from typing import Any

import numpy as np
import pytest
import torch
from mmdet.evaluation import VOCMetric
from mmengine.structures import InstanceData
from mmpose.evaluation.metrics import AUC, EPE, NME, PCKAccuracy
from mmpretrain.evaluation import AveragePrecision, MultiLabelMetric

from argus.evaluation.evaluator import TaskEvaluator

POSES = dict(dataset_name="toy", num_keypoints=3, sigmas=np.full(3, 0.05))
CLASSES = dict(classes=("cup", "pen"))


def pose(labelled: bool) -> dict[str, Any]:
    """The prediction is 3 pixels to the right of each joint, in a box of 60.

    So of the thresholds of AUC, 0/20 to 19/20 of 30 pixels, 17 are above the distance.
    """
    truth = np.array([[[5.0, 5.0], [20.0, 9.0], [40.0, 50.0]]])
    gt = dict(
        keypoints=truth,
        keypoints_visible=np.full((1, 3), float(labelled)),
        bboxes=np.array([[0.0, 0.0, 60.0, 60.0]]),
    )
    return dict(pred_instances=dict(keypoints=truth + [3.0, 0.0]), gt_instances=gt)


@pytest.mark.parametrize(
    ("metric", "name", "value"),
    [
        (dict(type=PCKAccuracy, thr=0.2), "PCK", 1.0),
        (dict(type=PCKAccuracy, thr=0.04), "PCK", 0.0),
        (dict(type=AUC, norm_factor=30, num_thrs=20), "AUC", 17 / 20),
        (dict(type=EPE), "EPE", 3.0),
        (dict(type=NME, norm_mode="use_norm_item", norm_item="bbox_size"), "NME", 3 / 60),
    ],
    ids=lambda value: value["type"].__name__ if isinstance(value, dict) else None,
)
def test_poses__without_a_labelled_joint(metric: dict[str, Any], name: str, value: float) -> None:
    evaluator = TaskEvaluator("poses", [metric], dataset_meta=POSES)
    for labelled in (True, False):
        evaluator.process([pose(labelled), pose(False)], {})
        found = evaluator.evaluate(2)
        if labelled:
            assert found == {f"poses/{name}": pytest.approx(value, abs=1e-6)}
        else:
            assert found == {} and evaluator.unmeasured == {f"poses/{name}"}


@pytest.mark.parametrize(("objects", "found"), [(1, 0), (1, 1), (0, 0), (0, 1)])
def test_voc__without_an_object(objects: int, found: int) -> None:
    box, label = torch.tensor([[1.0, 1.0, 20.0, 20.0]]), torch.zeros(1, dtype=torch.long)

    def boxes(number: int) -> dict[str, Any]:
        some = dict(bboxes=box[:number], labels=label[:number], scores=torch.ones(number))
        return InstanceData(**some).to_dict()

    evaluator = TaskEvaluator("boxes", [dict(type=VOCMetric)], dataset_meta=CLASSES)
    sample = dict(
        gt_instances=boxes(objects), ignored_instances=boxes(0), pred_instances=boxes(found)
    )
    evaluator.process([sample], {})
    values = {"boxes/mAP": float(found), "boxes/AP50": float(found)}
    assert evaluator.evaluate(1) == (values if objects else {})
    assert evaluator.unmeasured == (set() if objects else set(values))


@pytest.mark.parametrize("metric", [AveragePrecision, MultiLabelMetric])
def test_labels__none_at_all(metric: type) -> None:
    evaluator = TaskEvaluator("tags", [dict(type=metric)], dataset_meta=CLASSES)
    for labels in ([0, 1], []):
        truth = torch.tensor(labels, dtype=torch.long)
        evaluator.process([dict(pred_score=torch.tensor([0.9, 0.8]), gt_label=truth)], {})
        found = evaluator.evaluate(1)
        if labels:
            assert set(found.values()) == {1.0}
        else:
            assert found == {} and evaluator.unmeasured
