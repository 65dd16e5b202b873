"""Semantic segmentation of generated rooms in NYUv2's layout, ten classes, with a small UperNet."""

from mmengine.config import read_base
from mmseg.datasets.transforms import PackSegInputs

from argus.datasets.nyuv2 import NYUv2
from argus.datasets.scenes.classes import SEMANTIC_CLASSES, SEMANTIC_PALETTE
from argus.datasets.transforms import JointRandomFlip, LoadImage, LoadSegMap

with read_base():
    from .semantic import semantic as _semantic

_data_root = "data/scenes/nyuv2"
_metainfo = dict(classes=SEMANTIC_CLASSES, palette=SEMANTIC_PALETTE)
_load = [dict(type=LoadImage), dict(type=LoadSegMap, num_classes=10)]

nyuv2_semantic = dict(
    decoder=_semantic["decoder"],
    train=dict(
        dataset=dict(
            type=NYUv2,
            data_root=_data_root,
            ann_file="gt_sets/train.txt",
            labels=["semantic"],
            metainfo=_metainfo,
            pipeline=[*_load, dict(type=JointRandomFlip, prob=0.5), dict(type=PackSegInputs)],
        ),
        batch_size=4,
        num_workers=1,
    ),
    val=dict(
        dataset=dict(
            type=NYUv2,
            data_root=_data_root,
            ann_file="gt_sets/val.txt",
            labels=["semantic"],
            metainfo=_metainfo,
            test_mode=True,
            pipeline=[*_load, dict(type=PackSegInputs)],
        ),
        batch_size=8,
        num_workers=1,
    ),
    metrics=_semantic["metrics"],
    primary="mIoU",
    report=["mIoU", "aAcc"],
)
