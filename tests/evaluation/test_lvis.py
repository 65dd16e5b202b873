"""LVIS by its own package, where that is installed: the truth as prediction has an AP of 1."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from mmdet.datasets import LVISV1Dataset
from mmdet.datasets.transforms import LoadAnnotations, PackDetInputs
from mmdet.evaluation import LVISMetric
from mmengine.structures import InstanceData
from PIL import Image

from argus.datasets.build import build_dataset
from argus.datasets.transforms import LoadImage
from argus.errors import DataError
from argus.evaluation.evaluator import TaskEvaluator

pytest.importorskip("lvis", reason="pip install lvis")
SITE = "http://images.cocodataset.org/"  # which mmdet takes off the addresses of the file
META_KEYS = ("img_id", "img_path", "ori_shape", "img_shape", "scale_factor")


def box(number: int, image: int, category: int, left: int) -> dict[str, Any]:
    right = left + 20
    return dict(
        **dict(id=number, image_id=image, category_id=category, area=400, iscrowd=0),
        bbox=[left, 5, 20, 20],
        segmentation=[[left, 5, right, 5, right, 25, left, 25]],
    )


def write(root: Path, names: list[str]) -> Path:
    """Two pictures with cups and pens; the categories in this order."""
    ids = {name: number for number, name in enumerate(names, start=1)}
    (root / "images").mkdir(exist_ok=True)
    images = []
    for number in (1, 2):
        Image.new("RGB", (60, 40)).save(root / f"images/{number}.jpg")
        absent = dict(neg_category_ids=[], not_exhaustive_category_ids=[])
        address = f"{SITE}images/{number}.jpg"
        images.append(dict(id=number, coco_url=address, height=40, width=60, **absent))
    kinds = dict(frequency="f", image_count=1, instance_count=1)
    categories = [dict(id=number, name=name, **kinds) for name, number in ids.items()]
    cup, pen = ids["cup"], ids["pen"]
    annotations = [box(1, 1, cup, 2), box(2, 1, pen, 30), box(3, 2, pen, 4)]
    content = dict(images=images, categories=categories, annotations=annotations)
    path = root / f"{'_'.join(names)}.json"
    path.write_text(json.dumps(content))
    return path


def dataset(root: Path, path: Path, classes: tuple[str, ...]) -> Any:
    steps = [
        dict(type=LoadImage),
        dict(type=LoadAnnotations, with_bbox=True),
        dict(type=PackDetInputs, meta_keys=META_KEYS),
    ]
    config = dict(type=LVISV1Dataset, data_root=str(root), ann_file=path.name, pipeline=steps)
    metainfo = dict(classes=classes)
    rest = dict(data_prefix=dict(img=""), metainfo=metainfo, test_mode=True)
    return build_dataset(config | rest, where="toy")


@pytest.mark.parametrize("names", [["cup", "pen"], ["pen", "cup"]])
def test_perfect_detector__whatever_the_order_in_the_file_of_the_metric(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, names: list[str]
) -> None:
    monkeypatch.setattr(np, "float", float, raising=False)  # lvis 0.5.3 is older than NumPy 1.24
    built = dataset(tmp_path, write(tmp_path, ["cup", "pen"]), ("cup", "pen"))
    metric = dict(type=LVISMetric, ann_file=str(write(tmp_path, names)), metric="bbox")
    evaluator = TaskEvaluator("toy", [metric], dataset_meta=built.metainfo)
    for index in range(len(built)):
        sample = built[index]["data_samples"]
        truth = sample.gt_instances
        sample.pred_instances = InstanceData(
            bboxes=truth.bboxes.tensor.clone(),
            labels=truth.labels.clone(),
            scores=torch.ones(len(truth)),
        )
        evaluator.process([sample.to_dict()], {})
    assert evaluator.evaluate(len(built))["toy/bbox_AP"] == pytest.approx(1)


def test_classes__in_another_order_than_the_file_are_refused(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="LVISV1Dataset gives its category 'cup' the label 0"):
        dataset(tmp_path, write(tmp_path, ["cup", "pen"]), ("pen", "cup"))
