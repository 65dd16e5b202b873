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
from argus.evaluation.metrics import PanopticQuality

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


@pytest.mark.parametrize("absent", [dict(), dict(iscrowd=None)], ids=["absent", "null"])
def test_metric__takes_segments_without_iscrowd_for_single_ones(tmp_path, absent):
    path = _write(tmp_path, CLASSES)
    content = json.loads(path.read_text())
    for segment in content["annotations"][0]["segments_info"]:
        del segment["iscrowd"]
        segment.update(absent)
    path.write_text(json.dumps(content))
    evaluator = _evaluator(path, CLASSES)
    found = torch.full((1, SIZE, SIZE), CLASSES.index("cup") + 1000, dtype=torch.int32)
    sample = dict(img_id=7, img_path="0.jpg", ori_shape=(SIZE, SIZE))
    evaluator.process([sample | dict(pred_panoptic_seg=dict(sem_seg=found))], {})
    counts = {i: (s.tp, s.fp, s.fn) for i, s in evaluator.metrics[0].results[0].items()}
    assert counts == {9: (1, 0, 0), 4: (0, 0, 1)}


def test_metric__whose_file_lacks_a_class_is_refused(tmp_path):
    path = _write(tmp_path, CLASSES)
    with pytest.raises(DataError, match=r"panoptic\.json: it has no category lid"):
        _evaluator(path, (*CLASSES, "lid"))


def _cells(rng: np.random.Generator) -> np.ndarray:
    """(SIZE, SIZE) ids as ours: label + 1000 * number; cups are numbered, 255 is void."""
    choice = rng.choice([1000, 2000, 3000, 1, 2, 255], (SIZE // 4, SIZE // 4))
    return np.kron(choice, np.ones((4, 4), int))


@pytest.mark.parametrize("seed", range(5))
def test_quality__of_argus_is_that_of_mmdet(tmp_path, seed):
    """The latter is that of panopticapi, which counts one crowd region of a class in a picture."""
    rng = np.random.default_rng(seed)
    identity = {0: 9, 1: 4, 2: 6}
    categories = [dict(id=identity[i], name=n, isthing=i == 0) for i, n in enumerate(CLASSES)]
    images, annotations, ours, theirs = [], [], [], []
    for number in range(6):
        truth = _cells(rng)
        found = np.roll(truth, rng.integers(-1, 2, 2), (0, 1))
        found = np.where(rng.random((SIZE, SIZE)) < 0.05, _cells(rng), found)
        found[found == 255] = len(CLASSES)
        crowd = rng.choice([0, 3000])
        listed = [
            dict(id=int(i), label=int(i) % 1000, area=int((truth == i).sum()), is_crowd=i == crowd)
            for i in np.unique(truth)
            if i != 255
        ]
        colours = _colours(np.where(truth == 255, 0, truth + 1))  # an id of 0 is void in the PNG
        Image.fromarray(colours.astype(np.uint8)).save(tmp_path / f"{number}.png")
        images.append(dict(id=number, file_name=f"{number}.jpg", width=SIZE, height=SIZE))
        segments = [
            dict(
                **dict(id=item["id"] + 1, category_id=identity[item["label"]], area=item["area"]),
                **dict(iscrowd=int(item["is_crowd"]), bbox=[0, 0, 1, 1]),
            )
            for item in listed
        ]
        annotations.append(dict(image_id=number, file_name=f"{number}.png", segments_info=segments))
        predicted = dict(sem_seg=torch.from_numpy(found.astype(np.int32))[None])
        truth_map: dict[str, Any] = dict(sem_seg=torch.from_numpy(truth.astype(np.int32))[None])
        sample = dict(img_id=number, img_path=f"{number}.jpg", ori_shape=(SIZE, SIZE))
        truth_map["segments_info"] = listed
        ours.append(sample | dict(pred_panoptic_seg=predicted, gt_panoptic_seg=truth_map))
        theirs.append(sample | dict(pred_panoptic_seg=dict(sem_seg=predicted["sem_seg"].clone())))
    content = dict(images=images, categories=categories, annotations=annotations)
    path = tmp_path / "panoptic.json"
    path.write_text(json.dumps(content))

    evaluator = _evaluator(path, CLASSES)
    evaluator.process(theirs, {})
    totals = {i: np.zeros(4) for i in identity.values()}
    for result in evaluator.metrics[0].results:
        for i, stat in result.items():
            totals[i] += (stat.iou, stat.tp, stat.fp, stat.fn)
    iou, tp, fp, fn = np.stack(list(totals.values()), axis=1)
    expected = iou / (tp + fp / 2 + fn / 2)

    metric = PanopticQuality(num_things_classes=1, num_stuff_classes=2)
    metric.process(None, ours)
    quality = metric.evaluate(len(ours))
    assert quality["PQ"] == pytest.approx(expected.mean(), abs=1e-12)
    assert quality["PQ_th"] == pytest.approx(expected[0], abs=1e-12)
    assert quality["PQ_st"] == pytest.approx(expected[1:].mean(), abs=1e-12)
    assert 0.1 < quality["PQ"] < 0.95 and tp.min() > 0 and fp.sum() > 0 and fn.sum() > 0
