"""Classes without truth are named, whatever the mean over the others says."""

from pathlib import Path
from typing import Any

import pytest
import torch
from mmdet.evaluation import CocoMetric
from mmengine.structures import InstanceData, PixelData
from mmpretrain.evaluation import AveragePrecision, MultiLabelMetric, SingleLabelMetric
from mmseg.evaluation import IoUMetric
from mmseg.structures import SegDataSample

from argus.evaluation.evaluator import TaskEvaluator
from argus.evaluation.metrics.panoptic import PanopticQuality
from tests.datasets import toy_coco
from tests.datasets.toy_coco import annotation
from tests.engine.toy_training import train
from tests.toy import toy_tasks

CLASSES = ("background", "cup", "pen")


def sample(truth: Any, predicted: Any) -> dict[str, Any]:
    found = SegDataSample()
    found.gt_sem_seg = PixelData(data=torch.tensor(truth)[None])
    found.pred_sem_seg = PixelData(data=torch.tensor(predicted)[None])
    return found.to_dict()


@pytest.mark.parametrize(("predicted", "mean"), [(0, 1.0), (1, 0.25)])
def test_iou__says_which_classes_have_no_pixel(predicted: int, mean: float) -> None:
    """Of 4 pixels 2 are void; a class that never occurs counts 0 where it is predicted."""
    evaluator = TaskEvaluator("toy", [IoUMetric()], dataset_meta=dict(classes=CLASSES))
    evaluator.process([sample([[0, 0, 255, 255]], [[0, predicted, 1, 2]])], {})
    assert evaluator.evaluate(1)["toy/mIoU"] == mean
    assert evaluator.absent == [
        "2 of 3 classes have no pixel in the truth: cup, pen; IoU is 0 where they are predicted, "
        "else they are left out of the mean"
    ]
    evaluator.process([sample([[0, 1, 2, 255]], [[0, 1, 2, 2]])], {})
    assert evaluator.evaluate(1)["toy/mIoU"] == 1.0
    assert evaluator.absent == []


def test_coco__says_which_classes_have_no_object(tmp_path: Path) -> None:
    crowd = annotation(2, 2, category=3, iscrowd=1, segmentation=toy_coco.CROWD_RLE)
    toy_coco.write(tmp_path, [annotation(1, 1), crowd], num_images=2)
    metric = CocoMetric(ann_file=str(tmp_path / "instances.json"), metric="bbox")
    evaluator = TaskEvaluator("toy", [metric], dataset_meta=dict(classes=("person", "car")))
    for image in (1, 2):
        boxes = torch.tensor([[5.0, 6.0, 25.0, 26.0]])
        predicted = dict(bboxes=boxes, labels=torch.tensor([0]), scores=torch.ones(1))
        entry = dict(img_id=image, ori_shape=(40, 60), pred_instances=InstanceData(**predicted))
        evaluator.process([entry], {})
    assert evaluator.evaluate(2)["toy/bbox_mAP_50"] == pytest.approx(1.0)
    assert evaluator.absent == [
        "1 of 2 classes have no object in the truth: car; they are left out of the mean"
    ]


@pytest.mark.parametrize(
    ("metric", "value"),
    [
        (dict(type=AveragePrecision), "mAP"),
        (dict(type=MultiLabelMetric), "precision"),
        (dict(type=SingleLabelMetric), "recall"),
    ],
)
def test_labels__says_which_classes_have_no_sample(metric: dict[str, Any], value: str) -> None:
    """Every sample is right; the class that none has counts as 0."""
    evaluator = TaskEvaluator("toy", [metric], dataset_meta=dict(classes=CLASSES))
    for label in (0, 2):
        scores = torch.eye(3)[label]
        evaluator.process([dict(pred_score=scores, gt_label=torch.tensor([label]))], {})
    assert evaluator.evaluate(2)[f"toy/{value}"] == pytest.approx(2 / 3)
    assert evaluator.absent == [
        "1 of 3 classes have no sample in the truth: cup; they count as 0 in the mean"
    ]


def test_panoptic__says_which_classes_have_no_segment() -> None:
    """Class 0 is found, class 1 is predicted alone, class 2 neither; 3 is void."""
    metric = PanopticQuality(num_things_classes=1, num_stuff_classes=2)
    evaluator = TaskEvaluator("toy", [metric], dataset_meta=dict(classes=CLASSES))
    truth = torch.tensor([[0, 0, 3, 0]])[None]
    predicted = torch.tensor([[0, 0, 0, 1]])[None]
    sample = dict(gt_panoptic_seg=dict(sem_seg=truth), pred_panoptic_seg=dict(sem_seg=predicted))
    evaluator.process([sample], {})
    # 2 of 3 pixels of class 0, whose IoU leaves out the void one.
    assert evaluator.evaluate(1)["toy/PQ"] == pytest.approx((2 / 3 + 0) / 2)
    assert evaluator.absent == [
        "2 of 3 classes have no segment in the truth: cup, pen; PQ is 0 where they are predicted, "
        "else they are left out of the mean"
    ]


def test_validation__says_it_once(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    tasks = toy_tasks()
    tasks["semantic"]["val"] = dict(dataset=dict(type="ToySegmentation", length=2), num_workers=0)
    train(tmp_path, tasks=tasks, train_cfg=dict(max_iters=2, val_interval=1))
    text = "tasks.semantic.val: 1 of 3 classes have no pixel in the truth: blue"
    assert capsys.readouterr().out.count(text) == 1
