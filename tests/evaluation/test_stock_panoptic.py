"""mmdet's own panoptic data set and metric name their labels alike, whatever the file lists first.

panopticapi, which the metric counts with, need not be installed: its two conversions between ids
and colours and its record of counts are written down here.
"""

import json
from collections import defaultdict
from itertools import permutations
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import torch
from mmdet.datasets import CocoPanopticDataset
from mmdet.evaluation import CocoPanopticMetric
from mmdet.evaluation.functional import panoptic_utils
from mmdet.evaluation.metrics import coco_panoptic_metric
from PIL import Image

from argus.datasets.build import build_dataset
from argus.errors import DataError
from argus.evaluation.evaluator import TaskEvaluator

CLASSES = ("cup", "sky", "road")
SIZE = 16


def _ids(colours: np.ndarray) -> np.ndarray:
    return colours.astype(np.int64) @ np.array([1, 256, 256**2])


def _colours(ids: np.ndarray) -> np.ndarray:
    return np.stack([ids % 256, ids // 256 % 256, ids // 256**2], -1)


def _counts() -> Any:
    return defaultdict(lambda: SimpleNamespace(tp=0, fp=0, fn=0, iou=0.0))


@pytest.fixture(autouse=True)
def stand_in(monkeypatch: pytest.MonkeyPatch) -> None:
    for module in (coco_panoptic_metric, panoptic_utils):
        monkeypatch.setattr(module, "rgb2id", _ids)
        monkeypatch.setattr(module, "PQStat", _counts)
    monkeypatch.setattr(coco_panoptic_metric, "panopticapi", object())
    monkeypatch.setattr(coco_panoptic_metric, "id2rgb", _colours)
    monkeypatch.setattr(coco_panoptic_metric, "VOID", 0)


def _write(root: Path, order: tuple[str, ...]) -> Path:
    """A picture with sky (segment 2) above a cup (segment 1)."""
    Image.new("RGB", (SIZE, SIZE)).save(root / "0.jpg")
    ids = np.ones((SIZE, SIZE), int)
    ids[:4] = 2
    Image.fromarray(_colours(ids).astype(np.uint8)).save(root / "0.png")
    box = dict(bbox=[0, 4, SIZE, 12], area=SIZE * 12)
    segments = [
        dict(id=1, category_id=9, iscrowd=0, **box),
        dict(id=2, category_id=4, iscrowd=0, bbox=[0, 0, SIZE, 4], area=SIZE * 4),
    ]
    identity = dict(cup=9, sky=4, road=6)
    content = dict(
        images=[dict(id=7, file_name="0.jpg", width=SIZE, height=SIZE)],
        categories=[
            dict(id=identity[name], name=name, isthing=int(name == "cup")) for name in order
        ],
        annotations=[dict(image_id=7, file_name="0.png", segments_info=segments)],
    )
    path = root / "panoptic.json"
    path.write_text(json.dumps(content))
    return path


def _evaluator(path: Path, classes: tuple[str, ...]) -> TaskEvaluator:
    metric = dict(type=CocoPanopticMetric, ann_file=str(path), seg_prefix=str(path.parent))
    return TaskEvaluator("toy", [metric], dataset_meta=dict(classes=classes))


@pytest.mark.parametrize("order", list(permutations(CLASSES)), ids="-".join)
def test_labels__of_data_set_and_metric_are_the_classes(tmp_path, order):
    path = _write(tmp_path, order)
    config = dict(
        type=CocoPanopticDataset,
        data_root=str(tmp_path),
        ann_file=path.name,
        data_prefix=dict(img="", seg=""),
        metainfo=dict(classes=CLASSES, thing_classes=CLASSES[:1], stuff_classes=CLASSES[1:]),
        pipeline=[],
    )
    info = build_dataset(config, where="toy").get_data_info(0)
    labels = {segment["id"]: segment["category"] for segment in info["segments_info"]}
    assert labels == {1: CLASSES.index("cup"), 2: CLASSES.index("sky")}
    assert [item["bbox_label"] for item in info["instances"]] == [CLASSES.index("cup")]

    found = torch.full((1, SIZE, SIZE), labels[1] + 1000, dtype=torch.int32)
    found[:, :4] = labels[2]
    evaluator = _evaluator(path, CLASSES)
    sample = dict(img_id=7, img_path=info["img_path"], ori_shape=(SIZE, SIZE))
    evaluator.process([sample | dict(pred_panoptic_seg=dict(sem_seg=found))], {})
    counts = {
        identity: (stat.tp, stat.fp, stat.fn, stat.iou)
        for identity, stat in evaluator.metrics[0].results[0].items()
    }
    assert counts == {9: (1, 0, 0, 1.0), 4: (1, 0, 0, 1.0)}


def test_metric__whose_file_lacks_a_class_is_refused(tmp_path):
    path = _write(tmp_path, CLASSES)
    with pytest.raises(DataError, match=r"panoptic\.json: it has no category lid"):
        _evaluator(path, (*CLASSES, "lid"))
