"""COCO results: pycocotools reads them and scores them as OpenMMLab's metrics do the samples."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from mmdet.evaluation import CocoMetric
from mmpose.evaluation import CocoMetric as PoseMetric
from pycocotools.coco import COCO
from pycocotools.cocoeval import COCOeval

from argus.results import Instances, Poses
from argus.results.encoding import encode_rle

SIZE = (64, 80)
NAMES = ("ball", "box")
CATEGORY_IDS = (7, 3)  # as in COCO, not in the order of the labels
JOINTS = 17
NUM_IMAGES = 6


def rectangle(box: np.ndarray) -> np.ndarray:
    mask = np.zeros(SIZE, bool)
    x0, y0, x1, y1 = box.round().astype(int)
    mask[y0:y1, x0:x1] = True
    return mask


def random_boxes(rng: np.random.Generator, count: int) -> np.ndarray:
    corners = rng.uniform(0, 30, (count, 2))
    return np.hstack([corners, corners + rng.uniform(14, 30, (count, 2))]).astype(np.float32)


def near(boxes: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    moved = boxes + rng.uniform(-3, 3, boxes.shape)
    return moved.clip(0, [SIZE[1], SIZE[0]] * 2).astype(np.float32)


def annotation(number: int, image_id: int, category_id: int, box: np.ndarray) -> dict[str, Any]:
    x0, y0, x1, y1 = box.astype(float).tolist()
    mask = rectangle(box)
    return dict(
        id=number,
        image_id=image_id,
        category_id=category_id,
        bbox=[x0, y0, x1 - x0, y1 - y0],
        area=float(mask.sum()),
        iscrowd=0,
        segmentation=encode_rle(mask),
    )


def write_truth(path: Path, annotations: list[dict], categories: list[dict]) -> str:
    height, width = SIZE
    images = [dict(id=i, height=height, width=width, file_name=f"{i}.jpg") for i in range(6)]
    content = dict(info={}, images=images, annotations=annotations, categories=categories)
    path.write_text(json.dumps(content))
    return str(path)


def average_precision(truth: str, results: list[dict], kind: str) -> float:
    coco = COCO(truth)
    evaluation = COCOeval(coco, coco.loadRes(results), kind)
    evaluation.evaluate()
    evaluation.accumulate()
    evaluation.summarize()
    return float(evaluation.stats[0])


@pytest.fixture
def detections(tmp_path: Path) -> tuple[str, dict[int, Instances]]:
    """Annotations, and predictions near them with some that are wrong."""
    rng = np.random.default_rng(0)
    annotations: list[dict] = []
    found = {}
    for image_id in range(NUM_IMAGES):
        boxes, labels = random_boxes(rng, 3), rng.integers(0, 2, 3)
        for box, label in zip(boxes, labels, strict=True):
            number = len(annotations) + 1
            annotations.append(annotation(number, image_id, CATEGORY_IDS[label], box))
        guessed = np.vstack([near(boxes, rng), random_boxes(rng, 2)])
        found[image_id] = Instances(
            task="instance",
            size=SIZE,
            classes=NAMES,
            boxes=guessed,
            scores=rng.permutation(np.linspace(0.1, 0.9, 5)).astype(np.float32),
            labels=np.concatenate([labels, [0, 1]]),
            masks=np.stack([rectangle(box) for box in guessed]),
        )
    categories = [dict(id=i, name=n) for i, n in zip(CATEGORY_IDS, NAMES, strict=True)]
    return write_truth(tmp_path / "truth.json", annotations, categories), found


def test_instances__score_as_the_metric_of_mmdet(detections: tuple) -> None:
    truth, found = detections
    metric = CocoMetric(ann_file=truth, metric=["bbox", "segm"])
    metric.dataset_meta = dict(classes=NAMES)
    results: list[dict] = []
    for image_id, instances in found.items():
        sample = instances.to_sample()
        sample.set_metainfo(dict(img_id=image_id))
        metric.process({}, [sample.to_dict()])
        results += instances.to_coco(image_id, CATEGORY_IDS)
    expected = metric.evaluate(size=NUM_IMAGES)
    results = json.loads(json.dumps(results))
    for kind in ("bbox", "segm"):
        ap = average_precision(truth, results, kind)
        assert 0.2 < ap < 0.9
        assert ap == pytest.approx(expected[f"coco/{kind}_mAP"], abs=6e-4)  # rounded there


def test_instances__categories_count_from_one_unless_given() -> None:
    boxes = np.array([[1, 2, 4, 8]], np.float32)
    options: dict[str, Any] = dict(task="instance", size=SIZE, boxes=boxes)
    found = Instances(scores=np.ones(1, np.float32), labels=np.array([4]), **options)
    (result,) = found.to_coco("a")
    assert result == dict(image_id="a", category_id=5, bbox=[1, 2, 3, 6], score=1.0)


def test_poses__score_as_the_metric_of_mmpose(tmp_path: Path) -> None:
    rng = np.random.default_rng(1)
    annotations: list[dict] = []
    found = {}
    for image_id in range(NUM_IMAGES):
        boxes = random_boxes(rng, 2)
        extent = (boxes[:, 2:] - boxes[:, :2])[:, None]
        points = (boxes[:, None, :2] + rng.random((2, JOINTS, 2)) * extent).astype(np.float32)
        for box, person in zip(boxes, points, strict=True):
            flat = np.concatenate([person, np.full((JOINTS, 1), 2)], axis=1)
            entry = annotation(len(annotations) + 1, image_id, 1, box)
            keypoints = flat.astype(float).ravel().tolist()
            annotations.append(entry | dict(keypoints=keypoints, num_keypoints=JOINTS))
        found[image_id] = Poses(
            task="keypoints",
            size=SIZE,
            keypoints=(points + rng.normal(0, 1.5, points.shape)).astype(np.float32),
            keypoint_scores=rng.random((2, JOINTS)).astype(np.float32),
            boxes=boxes,
            scores=rng.random(2).astype(np.float32),
        )
    categories = [dict(id=1, name="person", keypoints=[], skeleton=[])]
    truth = write_truth(tmp_path / "truth.json", annotations, categories)
    metric = PoseMetric(ann_file=truth, score_mode="bbox", nms_mode="none")
    metric.dataset_meta = dict(
        sigmas=COCOeval(COCO(truth), iouType="keypoints").params.kpt_oks_sigmas,
        num_keypoints=JOINTS,
        CLASSES=("person",),
    )
    results: list[dict] = []
    for image_id, poses in found.items():
        for index in range(len(poses)):  # the metric counts one person per sample
            sample = poses.to_sample()
            sample.pred_instances = sample.pred_instances[index]
            sample.gt_instances = type(sample.pred_instances)()
            sample.set_metainfo(dict(img_id=image_id, id=10 * image_id + index))
            metric.process({}, [sample.to_dict()])
        results += poses.to_coco(image_id)
    expected = metric.evaluate(size=2 * NUM_IMAGES)
    ap = average_precision(truth, json.loads(json.dumps(results)), "keypoints")
    assert 0.2 < ap < 0.95
    assert ap == pytest.approx(expected["coco/AP"], abs=1e-9)


def test_poses__keypoints_in_the_order_of_a_data_set() -> None:
    poses = Poses(
        task="keypoints",
        size=SIZE,
        keypoints=np.array([[[1, 2], [3, 4], [5, 6]]], np.float32),
        keypoint_scores=np.array([[0.25, 0.5, 0.75]], np.float32),
        boxes=np.zeros((1, 4), np.float32),
        scores=np.ones(1, np.float32),
    )
    (result,) = poses.to_coco(1, order=[2, 0, 1])
    assert result["keypoints"] == [5, 6, 0.75, 1, 2, 0.25, 3, 4, 0.5]
