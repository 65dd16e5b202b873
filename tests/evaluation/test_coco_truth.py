"""The truth as prediction has AP 1, however a tool numbers its annotations."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from mmdet.evaluation import CocoMetric
from mmpose.evaluation.metrics import CocoMetric as PoseMetric

from argus.errors import DataError
from argus.evaluation.evaluator import TaskEvaluator

BOXES = [[2, 3, 20, 10], [5, 5, 12, 15], [1, 20, 30, 9]]
KEYPOINTS = [[float(4 + i), float(6 + i), 2] for i in range(17)]


def write(path: Path, **fields: list[Any]) -> Path:
    """A person on each of three pictures; fields of the annotations, ``...`` for none."""
    entries: list[dict[str, Any]] = [
        dict(
            **dict(id=i + 1, image_id=i + 1, category_id=1, bbox=box, area=box[2] * box[3]),
            **dict(iscrowd=0, keypoints=sum(KEYPOINTS, []), num_keypoints=17),
        )
        for i, box in enumerate(BOXES)
    ]
    for name, values in fields.items():
        for entry, value in zip(entries, values, strict=True):
            if value is ...:
                entry.pop(name, None)
            else:
                entry[name] = value
    images = [dict(id=i, file_name=f"{i}.jpg", width=50, height=40) for i in (1, 2, 3)]
    categories = [dict(id=1, name="person")]
    path.write_text(json.dumps(dict(images=images, categories=categories, annotations=entries)))
    return path


def box_ap(path: Path) -> float:
    metric = dict(type=CocoMetric, ann_file=str(path), metric="bbox")
    evaluator = TaskEvaluator("boxes", [metric], dataset_meta=dict(classes=("person",)))
    for index, (x, y, width, height) in enumerate(BOXES, start=1):
        found = dict(
            bboxes=np.array([[x, y, x + width, y + height]], np.float32),
            scores=np.ones(1, np.float32),
            labels=np.zeros(1, np.int64),
        )
        sample = dict(img_id=index, ori_shape=(40, 50), pred_instances=_tensors(found))
        evaluator.process([sample], {})
    return evaluator.evaluate(len(BOXES))["boxes/bbox_mAP"]


def _tensors(values: dict[str, np.ndarray]) -> dict[str, Any]:
    import torch

    return {name: torch.from_numpy(value) for name, value in values.items()}


@pytest.mark.parametrize(
    "fields",
    [
        dict(id=[0, 1, 2]),
        dict(id=[-1, 7, 9]),
        dict(id=["an-1", "an-2", "an-3"]),
        dict(iscrowd=[..., 0, None]),
    ],
    ids=str,
)
def test_boxes__truth_as_prediction(tmp_path: Path, fields: dict[str, list[Any]]) -> None:
    assert box_ap(write(tmp_path / "a.json", **fields)) == pytest.approx(1)


def pose_ap(path: Path) -> float:
    from mmpose.datasets.datasets.utils import parse_pose_metainfo

    meta = parse_pose_metainfo(dict(from_file="configs/_base_/datasets/coco.py"))
    metric = dict(type=PoseMetric, ann_file=str(path), nms_mode="none", score_mode="bbox")
    evaluator = TaskEvaluator("poses", [metric], dataset_meta=meta)
    points = np.array(KEYPOINTS, np.float32)[None]
    content = json.loads(path.read_text())["annotations"]
    for index, entry in enumerate(content, start=1):
        x, y, width, height = entry["bbox"]
        common = dict(bbox_scores=np.ones(1, np.float32))
        sample = dict(
            id=index,
            img_id=index,
            category_id=1,
            gt_instances=dict(
                bbox_scales=np.array([[width, height]], np.float32),
                bboxes=np.array([[x, y, x + width, y + height]], np.float32),
                **common,
            ),
            pred_instances=dict(
                keypoints=points[..., :2], keypoint_scores=np.ones((1, 17), np.float32), **common
            ),
        )
        evaluator.process([sample], {})
    return evaluator.evaluate(len(BOXES))["poses/AP"]


@pytest.mark.parametrize(
    "fields",
    [
        dict(id=[0, 1, 2]),
        dict(iscrowd=[..., ..., ...]),
        dict(num_keypoints=[..., 17, None]),
        # A person whose joints nobody has marked is ignored, and not missed.
        dict(keypoints=[sum(KEYPOINTS, []), sum(KEYPOINTS, []), ...], num_keypoints=[17, 17, ...]),
        dict(
            area=[..., None, 30 * 9],
            segmentation=[[[2, 3, 22, 3, 22, 13, 2, 13]], [[5, 5, 17, 5, 17, 20, 5, 20]], []],
        ),
    ],
    ids=["id", "iscrowd", "num_keypoints", "keypoints", "area"],
)
def test_poses__truth_as_prediction(tmp_path: Path, fields: dict[str, list[Any]]) -> None:
    assert pose_ap(write(tmp_path / "a.json", **fields)) == pytest.approx(1)


def test_poses__area_is_not_to_be_had(tmp_path: Path) -> None:
    path = write(tmp_path / "a.json", area=[200, ..., 180])
    with pytest.raises(DataError, match=r"a\.json: annotation number 2 .* neither area nor seg"):
        pose_ap(path)


@pytest.mark.parametrize("absent", [..., None, []], ids=str)
def test_masks__that_the_metric_needs(tmp_path: Path, absent: Any) -> None:
    square = [[2, 3, 22, 3, 22, 13, 2, 13]]
    path = write(tmp_path / "a.json", segmentation=[square, absent, square])
    classes = dict(classes=("person",))
    metric = dict(type=CocoMetric, ann_file=str(path), metric=["bbox", "segm"])
    with pytest.raises(DataError, match=r"a\.json: annotation number 2 .* has no segmentation"):
        TaskEvaluator("masks", [metric], dataset_meta=classes)
    TaskEvaluator("boxes", [metric | dict(metric="bbox")], dataset_meta=classes)
    other = dict(classes=("dog",))
    content = json.loads(path.read_text())
    content["categories"].append(dict(id=2, name="dog"))
    path.write_text(json.dumps(content))
    TaskEvaluator("masks", [metric], dataset_meta=other)
