"""Nothing found is an AP of 0, nothing to find is no AP: with mmdet's and mmpose's own metrics."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from mmdet.evaluation import CocoMetric
from mmengine.structures import InstanceData
from mmpose.evaluation import CocoMetric as PoseMetric

from argus.evaluation.evaluator import TaskEvaluator
from argus.evaluation.nothing_found import results_may_be_empty

SIZE = (200, 200)
LARGE = [20, 20, 120, 120]  # x, y, width, height; more than 96^2 pixels


def truth(folder: Path, annotations: list[dict[str, Any]]) -> str:
    path = folder / "truth.json"
    x, y, width, height = LARGE
    corners = [[x, y, x + width, y, x + width, y + height, x, y + height]]
    common = dict(image_id=1, category_id=1, iscrowd=0, area=width * height, bbox=LARGE)
    joints = dict(keypoints=[50.0, 50.0, 2] * 17, num_keypoints=17, segmentation=corners)
    content = dict(
        images=[dict(id=1, file_name="1.png", height=SIZE[0], width=SIZE[1])],
        annotations=[dict(id=i + 1, **common, **joints, **a) for i, a in enumerate(annotations)],
        categories=[dict(id=1, name="person", keypoints=["a"] * 17, skeleton=[])],
    )
    path.write_text(json.dumps(content))
    return str(path)


def no_instances() -> dict[str, Any]:
    found = InstanceData(
        bboxes=torch.zeros(0, 4),
        scores=torch.zeros(0),
        labels=torch.zeros(0, dtype=torch.long),
        masks=torch.zeros(0, *SIZE, dtype=torch.bool),
    )
    return dict(img_id=1, ori_shape=SIZE, pred_instances=found.to_dict())


def detections(ann_file: str) -> TaskEvaluator:
    metrics = [dict(type=CocoMetric, ann_file=ann_file, metric=["bbox", "segm"])]
    evaluator = TaskEvaluator("instance", metrics, dataset_meta=dict(classes=("person",)))
    evaluator.process([no_instances()], {})
    return evaluator


def test_detector__that_finds_nothing_scores_0(tmp_path: Path) -> None:
    evaluator = detections(truth(tmp_path, [{}]))
    found = evaluator.evaluate(1)
    for kind in ("bbox", "segm"):
        names = [f"instance/{kind}_{m}" for m in ("mAP", "mAP_50", "mAP_75", "mAP_l")]
        assert [found[name] for name in names] == [0.0] * 4
        absent = {f"instance/{kind}_{m}" for m in ("mAP_s", "mAP_m")}
        assert absent <= evaluator.unmeasured and not absent & set(found)


@pytest.mark.parametrize("annotations", [[], [dict(iscrowd=1)]], ids=["negative", "crowd"])
def test_detector__without_anything_to_find_has_no_score(
    tmp_path: Path, annotations: list[dict[str, Any]]
) -> None:
    path = truth(tmp_path, [])
    content = json.loads(Path(path).read_text())
    for index, changes in enumerate(annotations):
        rle = dict(size=list(SIZE), counts=[0, SIZE[0] * SIZE[1]])
        content["annotations"].append(
            dict(id=index + 1, image_id=1, category_id=1, area=9e4, bbox=LARGE, segmentation=rle)
            | changes
        )
    Path(path).write_text(json.dumps(content))
    evaluator = detections(path)
    assert evaluator.evaluate(1) == {}
    assert {"instance/bbox_mAP", "instance/segm_mAP_s"} <= evaluator.unmeasured


def test_poses__none_found_scores_0(tmp_path: Path) -> None:
    metric = PoseMetric(ann_file=truth(tmp_path, [{}]), nms_mode="none")
    metric.dataset_meta = dict(
        CLASSES=("person",), num_keypoints=17, sigmas=np.full(17, 0.05, np.float32)
    )
    evaluator = TaskEvaluator("keypoints", [metric], dataset_meta=metric.dataset_meta)
    nobody = dict(
        keypoints=np.zeros((0, 17, 2)), keypoint_scores=np.zeros((0, 17)), bbox_scores=np.zeros(0)
    )
    areas = dict(areas=np.zeros(0))
    sample = dict(id=1, img_id=1, pred_instances=nobody, gt_instances=areas, category_id=1)
    evaluator.process([sample], {})
    found = evaluator.evaluate(1)
    assert (found["keypoints/AP"], found["keypoints/AR"], found["keypoints/AP_L"]) == (0, 0, 0)
    assert "keypoints/AP_M" in evaluator.unmeasured


def test_results__of_something_are_loaded_as_before(tmp_path: Path) -> None:
    from pycocotools.coco import COCO

    before = COCO.loadRes
    coco = COCO(truth(tmp_path, [{}]))
    result = dict(image_id=1, category_id=1, bbox=LARGE, score=0.5)
    with results_may_be_empty():
        assert coco.loadRes([result]).anns[1]["area"] == 120 * 120
        empty = coco.loadRes([])
    assert empty.getImgIds() == [1] and not empty.anns and coco.anns
    assert COCO.loadRes is before
