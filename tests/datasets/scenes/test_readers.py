"""The real data classes of the OpenMMLab libraries read the generated layouts."""

from pathlib import Path

import numpy as np
import pytest

from argus.datasets.scenes.classes import (
    CLASSIFICATION_CLASSES,
    SEMANTIC_CLASSES,
    SEMANTIC_PALETTE,
    STUFF_CLASSES,
    THING_CLASSES,
)
from argus.datasets.scenes.generate import Settings, generate

SETTINGS = Settings(
    num_train=6,
    num_val=2,
    num_classification=(10, 10),
    num_anomaly=(0, 0, 0),
    width=96,
    height=96,
    seed=1,
    layouts=("coco", "ade20k", "imagenet"),
)


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("data") / "scenes"
    generate(out, SETTINGS, num_workers=1)
    return out


def test_mmdet__instances(root: Path) -> None:
    from mmdet.datasets import CocoDataset
    from mmdet.datasets.transforms import LoadAnnotations

    dataset = CocoDataset(
        data_root=str(root / "coco"),
        ann_file="annotations/instances_train2017.json",
        data_prefix={"img": "train2017/"},
        metainfo={"classes": THING_CLASSES},
        filter_cfg={"filter_empty_gt": True, "min_size": 32},
        pipeline=[],
    )
    assert len(dataset) == SETTINGS.num_train
    load = LoadAnnotations(with_bbox=True, with_mask=True)
    for index in range(len(dataset)):
        info = dataset.get_data_info(index)
        sample = load({**info, "img_shape": (96, 96), "ori_shape": (96, 96)})
        masks = sample["gt_masks"].masks
        boxes = sample["gt_bboxes"].tensor.numpy()
        assert len(masks) == len(boxes) == len(info["instances"]) > 0
        assert not sample["gt_ignore_flags"].any()
        for mask, box in zip(masks, boxes, strict=True):
            rows, cols = np.nonzero(mask)
            extent = [cols.min(), rows.min(), cols.max() + 1, rows.max() + 1]
            np.testing.assert_allclose(box, extent)


def test_mmdet__panoptic(root: Path) -> None:
    from mmdet.datasets import CocoPanopticDataset

    dataset = CocoPanopticDataset(
        data_root=str(root / "coco"),
        ann_file="annotations/panoptic_train2017.json",
        data_prefix={"img": "train2017/", "seg": "panoptic_train2017/"},
        metainfo={
            "classes": SEMANTIC_CLASSES,
            "thing_classes": THING_CLASSES,
            "stuff_classes": STUFF_CLASSES,
            "palette": SEMANTIC_PALETTE,
        },
        pipeline=[],
    )
    assert len(dataset) == SETTINGS.num_train
    info = dataset.get_data_info(0)
    assert Path(info["seg_map_path"]).is_file() and len(info["segments_info"]) > 3


def test_mmseg__semantic(root: Path) -> None:
    from mmseg.datasets import BaseSegDataset

    # ADE20KDataset itself refuses other class names; the rest of it is these three options.
    dataset = BaseSegDataset(
        img_suffix=".jpg",
        seg_map_suffix=".png",
        reduce_zero_label=True,
        data_root=str(root / "ADEChallengeData2016"),
        data_prefix={"img_path": "images/training", "seg_map_path": "annotations/training"},
        metainfo={"classes": SEMANTIC_CLASSES, "palette": SEMANTIC_PALETTE},
        pipeline=[],
    )
    assert len(dataset) == SETTINGS.num_train
    info = dataset.get_data_info(0)
    assert info["reduce_zero_label"]
    assert Path(info["img_path"]).is_file() and Path(info["seg_map_path"]).is_file()


def test_mmpose__keypoints(root: Path) -> None:
    from mmpose.datasets import CocoDataset

    dataset = CocoDataset(
        data_root=str(root / "coco"),
        ann_file="annotations/person_keypoints_train2017.json",
        data_prefix={"img": "train2017/"},
        data_mode="topdown",
        pipeline=[],
    )
    assert len(dataset) >= 4
    for index in range(len(dataset)):
        info = dataset.get_data_info(index)
        visible = info["keypoints_visible"][0]
        assert info["keypoints"].shape == (1, 17, 2) and visible.sum() >= 8
        x0, y0, x1, y1 = info["bbox"][0]
        points = info["keypoints"][0][visible > 0]
        near = (points[:, 0] > x0 - 8) & (points[:, 0] < x1 + 8)
        assert (near & (points[:, 1] > y0 - 8) & (points[:, 1] < y1 + 8)).mean() > 0.7


def test_mmpretrain__classification(root: Path) -> None:
    from mmpretrain.datasets import ImageNet

    dataset = ImageNet(
        data_root=str(root / "imagenet"),
        split="train",
        metainfo={"classes": CLASSIFICATION_CLASSES},
        pipeline=[],
    )
    assert len(dataset) == 10
    for index in range(10):
        info = dataset.get_data_info(index)
        folder = Path(info["img_path"]).parent.name
        assert CLASSIFICATION_CLASSES[info["gt_label"]] == folder
