"""Keypoints are told apart by the names that the file gives them, not by their place in it."""

import json
import random
from pathlib import Path

import numpy as np
import pytest
import torch
from mmengine.registry import DATASETS
from mmpose.datasets import CocoDataset
from mmpose.evaluation.metrics import CocoMetric

from argus.datasets.build import build_dataset
from argus.datasets.coco import CocoKeypoints
from argus.errors import DataError
from argus.evaluation.evaluator import TaskEvaluator
from argus.names.keypoints import order_keypoints
from tests.datasets import toy_coco
from tests.datasets.toy_coco import annotation

POINTS = [(6 + k % 5, 8 + k, 2) for k in range(17)]


def write(root: Path, *, order: list[int], spelling=str, person: int = 1, **changes) -> Path:
    """A person whose keypoints the file lists in another order."""
    names = coco_names()
    values = [v for k in order for v in POINTS[k]]
    entry = annotation(1, 1, category=person, keypoints=values, num_keypoints=17)
    category = dict(id=person, name="person", keypoints=[spelling(names[k]) for k in order])
    toy_coco.write(root, [entry], num_images=1, categories=[category | changes])
    return root / "instances.json"


def coco_names() -> list[str]:
    meta = CocoKeypoints._load_metainfo(dict(CocoKeypoints.METAINFO))
    return [meta["keypoint_id2name"][index] for index in range(17)]


def data_set(root: Path, **changes):
    return DATASETS.build(toy_coco.config(root, CocoKeypoints) | changes)


def shuffled() -> list[int]:
    return random.Random(0).sample(range(17), 17)


@pytest.mark.parametrize("spelling", [str, lambda name: name.replace("_", " ").title()])
def test_order__of_the_file_is_free(tmp_path, spelling):
    path = write(tmp_path, order=shuffled(), spelling=spelling)
    dataset = data_set(tmp_path)
    info = dataset.get_data_info(0)
    np.testing.assert_array_equal(info["keypoints"][0], [point[:2] for point in POINTS])
    metric = dict(type=CocoMetric, ann_file=str(path))
    evaluator = TaskEvaluator("poses", [metric], dataset_meta=dataset.metainfo)
    evaluator.process([perfect_sample(info)], {})
    assert evaluator.evaluate(1)["poses/AP"] == pytest.approx(1.0)


def test_order__of_the_stock_data_set_is_that_of_its_definitions_or_refused(tmp_path):
    stock = toy_coco.config(tmp_path, CocoDataset, metainfo=dict(CocoKeypoints.METAINFO))
    write(tmp_path, order=list(range(17)))
    assert len(build_dataset(stock, where="toy")) == 1
    write(tmp_path, order=shuffled())
    with pytest.raises(DataError, match="'person' has the keypoints in the order .* CocoKeypoints"):
        build_dataset(stock, where="toy")


@pytest.mark.parametrize("person", [0, 7])
def test_person__of_any_id(tmp_path, person):
    path = write(tmp_path, order=list(range(17)), person=person)
    boxes = [dict(image_id=1, category_id=c, bbox=[5, 6, 20, 20], score=0.9) for c in (person, 9)]
    (tmp_path / "found.json").write_text(json.dumps(boxes))
    dataset = data_set(tmp_path, bbox_file=str(tmp_path / "found.json"), test_mode=True)
    assert len(dataset) == 1  # category 9 is another
    sample = perfect_sample(dataset.get_data_info(0))
    metric = dict(type=CocoMetric, ann_file=str(path))
    evaluator = TaskEvaluator("poses", [metric], dataset_meta=dataset.metainfo)
    evaluator.process([sample], {})
    assert evaluator.evaluate(1)["poses/AP"] == pytest.approx(1.0)


def test_person__boxes_of_other_categories_alone_are_refused(tmp_path):
    write(tmp_path, order=list(range(17)), person=0)
    boxes = [dict(image_id=1, category_id=1, bbox=[5, 6, 20, 20], score=0.9)]
    (tmp_path / "found.json").write_text(json.dumps(boxes))
    with pytest.raises(DataError, match="none of its 1 box has the category_id 0, which people"):
        data_set(tmp_path, bbox_file=str(tmp_path / "found.json"), test_mode=True)


@pytest.mark.parametrize("stated", [None, []])
def test_no_names__are_taken_for_those_of_the_data_set(tmp_path, stated):
    write(tmp_path, order=list(range(17)), keypoints=stated)
    info = data_set(tmp_path).get_data_info(0)
    np.testing.assert_array_equal(info["keypoints"][0], [point[:2] for point in POINTS])


@pytest.mark.parametrize(
    "stated", [["a", "b"], ["left_eye"] * 17, [f"point {k}" for k in range(17)]], ids=len
)
def test_other_names__are_refused(tmp_path, stated):
    path = write(tmp_path, order=list(range(17)), keypoints=stated)
    message = "keypoints of its category 'person' are .* those of the data set nose, left_eye"
    with pytest.raises(DataError, match=message):
        data_set(tmp_path)
    metric = dict(type=CocoMetric, ann_file=str(path))
    meta = CocoKeypoints._load_metainfo(dict(CocoKeypoints.METAINFO))
    with pytest.raises(DataError, match=message):
        TaskEvaluator("poses", [metric], dataset_meta=meta)


def test_other_names__that_of_the_data_set_in_the_file_is_the_remedy(tmp_path):
    order = shuffled()
    write(tmp_path, order=order, spelling=lambda name: f"my {name}")
    with pytest.raises(DataError, match="write those of the data set into 'keypoints' of"):
        data_set(tmp_path)
    write(tmp_path, order=order)
    info = data_set(tmp_path).get_data_info(0)
    np.testing.assert_array_equal(info["keypoints"][0], [point[:2] for point in POINTS])


def test_twice__changes_nothing_more():
    names = ["a", "b", "c"]
    content = dict(
        categories=[dict(id=1, name="x", keypoints=["c", "a", "b"])],
        annotations=[dict(category_id=1, keypoints=[3, 3, 3, 1, 1, 1, 2, 2, 2])],
    )
    for _ in range(2):
        order_keypoints(content, names, "a.json")
        assert content["annotations"][0]["keypoints"] == [1, 1, 1, 2, 2, 2, 3, 3, 3]


def perfect_sample(info: dict) -> dict:
    """The truth as prediction, as a top-down estimator gives it."""
    box = torch.tensor([[5.0, 6.0, 25.0, 26.0]])
    found = dict(
        keypoints=np.array([[point[:2] for point in POINTS]], np.float32),
        keypoint_scores=np.ones((1, 17), np.float32),
    )
    truth = dict(bboxes=box.numpy(), bbox_scores=np.ones(1), bbox_scales=np.array([[20.0, 20.0]]))
    sample = dict(id=info["id"], img_id=info["img_id"], pred_instances=found, gt_instances=truth)
    return sample | dict(category_id=info["category_id"])
