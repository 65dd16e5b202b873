"""Annotation files and folders that number the same classes otherwise, from file to metric."""

import copy
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from mmdet.datasets.transforms import LoadAnnotations, PackDetInputs
from mmdet.evaluation import CocoMetric
from mmengine.structures import InstanceData, PixelData
from mmpretrain.datasets import CustomDataset, PackInputs
from mmseg.datasets import BaseSegDataset
from mmseg.datasets.transforms import PackSegInputs
from mmseg.evaluation import IoUMetric
from PIL import Image

from argus.datasets.ade20k import ADE20KPanoptic
from argus.datasets.coco import CocoInstances
from argus.datasets.transforms import LoadImage, LoadPanoptic, LoadSegMap, PackPanopticMap
from argus.engine.loading.class_lists import ClassLists
from argus.engine.loading.loaders import guarded_dataset
from argus.errors import DataError
from argus.evaluation.evaluator import TaskEvaluator
from argus.evaluation.metrics import PanopticQuality
from argus.tasks import parse_tasks
from tests.datasets import toy_coco
from tests.datasets.official_ade20k import OFFICIAL, write_official
from tests.datasets.toy_coco import annotation
from tests.toy import classification_decoder, semantic_decoder


def fitted(train: dict[str, Any], val: dict[str, Any], decoder: dict[str, Any]) -> tuple[Any, Any]:
    """Training and validation data as a run has them."""
    task = dict(decoder=dict(backbone=dict(type="SharedBackbone"), **decoder))
    task |= dict(
        train=dict(dataset=train, batch_size=1), val=dict(dataset=val), metrics=dict(type="x")
    )
    lists = ClassLists(parse_tasks(dict(toy=task)))
    found = []
    for part, config in (("train", train), ("val", val)):
        dataset = guarded_dataset(config, task="toy", part=part, seed=0, strict=True)
        lists.fit("toy", dataset, where=f"tasks.toy.{part}.dataset", is_train=part == "train")
        found.append(dataset)
    return found[0], found[1]


def coco_set(root: Path, categories: list[tuple[int, str]], *classes: str) -> dict[str, Any]:
    ids = {name: identity for identity, name in categories}  # the last of a name
    entries = [
        annotation(i, i, category=ids[name], box=(4 * i, 6, 20, 20))
        for i, name in enumerate(("cup", "pen"), start=1)
    ]
    listed = [dict(id=identity, name=name) for identity, name in categories]
    toy_coco.write(root, entries, num_images=2, categories=listed)
    pipeline = [
        dict(type=LoadImage),
        dict(type=LoadAnnotations, with_bbox=True, with_mask=True),
        dict(type=PackDetInputs, meta_keys=("img_id", "img_path", "ori_shape", "img_shape")),
    ]
    meta = dict(classes=classes)
    return toy_coco.config(root, CocoInstances, metainfo=meta, pipeline=pipeline, test_mode=True)


@pytest.mark.parametrize("val_classes", [("cup", "pen"), ("pen", "cup")])
@pytest.mark.parametrize(
    "categories",
    [[(1, "cup"), (2, "pen")], [(1, "pen"), (2, "cup")], [(0, "cup"), (1, "pen"), (2, "cup")]],
    ids=["as in training", "other order", "root of the name of a class"],
)
def test_coco__a_perfect_detector_has_an_ap_of_one(tmp_path, categories, val_classes):
    train = coco_set(tmp_path / "train", [(1, "cup"), (2, "pen")], "cup", "pen")
    val = coco_set(tmp_path / "val", categories, *val_classes)
    decoder = dict(type="mmdet.FCOS", bbox_head=dict(num_classes=2))
    learned, measured = fitted(train, val, decoder)
    assert measured.metainfo["classes"] == learned.metainfo["classes"] == ("cup", "pen")
    metric = dict(
        type=CocoMetric, ann_file=str(tmp_path / "val/instances.json"), metric=["bbox", "segm"]
    )
    evaluator = TaskEvaluator("toy", [metric], dataset_meta=measured.metainfo)
    for index in range(2):
        # The first picture has a cup, the second a pen, in both sets.
        label = learned[index]["data_samples"].gt_instances.labels
        assert label.tolist() == [index]
        sample = measured[index]["data_samples"]
        truth = sample.gt_instances
        assert truth.labels.tolist() == [index]
        sample.pred_instances = InstanceData(
            bboxes=truth.bboxes.tensor,
            labels=label,
            scores=torch.ones(1),
            masks=torch.from_numpy(truth.masks.masks.astype(bool)),
        )
        evaluator.process([sample], {})
    found = evaluator.evaluate(2)
    assert found["toy/bbox_mAP"] == found["toy/segm_mAP"] == 1.0


@pytest.mark.parametrize("order", [(0, 1, 2, 3), (3, 2, 1, 0)])
@pytest.mark.parametrize("things", [("bed", "window"), ("window", "bed")])
def test_panoptic__a_perfect_decoder_has_a_quality_of_one(tmp_path, order, things):
    def panoptic(root: Path, **changes: Any) -> dict[str, Any]:
        root.mkdir()
        write_official(root, order=changes.pop("order"))
        pipeline = [
            dict(type=LoadImage),
            dict(type=LoadPanoptic, num_classes=4),
            dict(type=PackPanopticMap),
        ]
        common = dict(type=ADE20KPanoptic, data_root=str(root), pipeline=pipeline, test_mode=True)
        return common | copy.deepcopy(OFFICIAL) | changes

    meta = dict(
        classes=(*things, "sky", "wall"), thing_classes=things, stuff_classes=("sky", "wall")
    )
    train = panoptic(tmp_path / "train", order=(0, 1, 2, 3))
    val = panoptic(tmp_path / "val", order=order, metainfo=meta)
    head = dict(num_things_classes=2, num_stuff_classes=2)
    learned, measured = fitted(train, val, dict(type="mmdet.MaskFormer", panoptic_head=head))
    metric = dict(type=PanopticQuality, **head)
    evaluator = TaskEvaluator("toy", [metric], dataset_meta=measured.metainfo)
    for index in range(2):
        truth = learned[index]["data_samples"].gt_panoptic_seg.sem_seg
        sample = measured[index]["data_samples"]
        assert torch.equal(sample.gt_panoptic_seg.sem_seg % 1000, truth % 1000)
        sample.pred_panoptic_seg = PixelData(sem_seg=truth)
        evaluator.process([sample], {})
    assert evaluator.evaluate(2)["toy/PQ"] == 1.0


@pytest.mark.parametrize("classes", [("wall", "sky", "sea"), ("sea", "wall", "sky")])
def test_semantic_maps__a_perfect_decoder_has_a_mean_iou_of_one(tmp_path, classes):
    """Maps that other tools wrote count by another list."""

    def maps(part: str, *names: str) -> dict[str, Any]:
        for number, name in enumerate(("wall", "sky", "sea")):
            labels = np.full((8, 8), names.index(name), np.uint8)
            labels[:2] = names.index("sky")
            labels[2, 2] = 255
            for folder, array in (("images", np.zeros((8, 8, 3), np.uint8)), ("labels", labels)):
                (tmp_path / part / folder).mkdir(parents=True, exist_ok=True)
                Image.fromarray(array).save(tmp_path / part / folder / f"{number}.png")
        return dict(
            type=BaseSegDataset,
            data_root=str(tmp_path / part),
            data_prefix=dict(img_path="images", seg_map_path="labels"),
            img_suffix=".png",
            metainfo=dict(classes=names, palette=[[10 * names.index(n), 0, 0] for n in names]),
            pipeline=[
                dict(type=LoadImage),
                dict(type=LoadSegMap, num_classes=3),
                dict(type=PackSegInputs),
            ],
        )

    decoder = {k: v for k, v in semantic_decoder().items() if k != "backbone"}
    train = maps("train", "wall", "sky", "sea")
    learned, measured = fitted(train, maps("val", *classes), decoder)
    assert list(measured.metainfo["classes"]) == list(learned.metainfo["classes"])
    colours = [10 * classes.index(name) for name in ("wall", "sky", "sea")]
    assert [colour[0] for colour in measured.metainfo["palette"]] == colours
    metric = dict(type=IoUMetric, iou_metrics=["mIoU"])
    evaluator = TaskEvaluator("toy", [metric], dataset_meta=measured.metainfo)
    for index in range(3):
        sample = measured[index]["data_samples"]
        truth = learned[index]["data_samples"].gt_sem_seg.data
        assert torch.equal(sample.gt_sem_seg.data, truth)
        sample.pred_sem_seg = PixelData(data=truth.long() % 255)
        evaluator.process([sample], {})
    assert evaluator.evaluate(3)["toy/mIoU"] == 1.0


def test_folders__without_classes_in_the_config_agree_or_are_an_error(tmp_path):
    def folders(part: str, *names: str, **changes: Any) -> dict[str, Any]:
        for number, name in enumerate(names):
            (tmp_path / part / name).mkdir(parents=True)
            pixels = np.full((8, 8, 3), 50 * number, np.uint8)
            Image.fromarray(pixels).save(tmp_path / part / name / "1.png")
        pipeline = [dict(type=LoadImage), dict(type=PackInputs)]
        common = dict(type=CustomDataset, data_prefix=str(tmp_path / part), pipeline=pipeline)
        return common | changes

    decoder = {k: v for k, v in classification_decoder().items() if k != "backbone"}
    train = folders("train", "10", "2", "1", metainfo=dict(classes=("1", "2", "10")))
    val = folders("val", "10", "2", "1")
    _, measured = fitted(train, val, decoder)
    found = {}
    for index in range(3):
        sample = measured[index]["data_samples"]
        found[Path(sample.img_path).parent.name] = int(sample.gt_label)
    assert found == {"1": 0, "2": 1, "10": 2}
    other = folders("other", "1", "2", "3")
    with pytest.raises(DataError, match=r"10 only in the first and 3 only in the second"):
        fitted(train, other, decoder)
