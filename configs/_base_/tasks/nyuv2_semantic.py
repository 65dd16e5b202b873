"""Semantic segmentation on NYUv2 (40 classes) with UperNet: mIoU 64.7 in the paper.

Data: ``data/nyuv2``, see data/README.md. 795 training and 654 test images of 425 x 560; 40,000
steps of 16 images are 805 epochs. The paper does not say whether it counts 40 or 13 classes; for 13
see ``configs/stage2/nyuv2_semantic_13.py``.
"""

from mmengine.config import read_base
from mmseg.datasets.transforms import PackSegInputs, PhotoMetricDistortion
from mmseg.evaluation import IoUMetric

from argus.datasets.nyuv2 import NYUv2
from argus.datasets.transforms import (
    JointRandomCrop,
    JointRandomFlip,
    JointRandomResize,
    LoadImage,
    LoadSegMap,
)

with read_base():
    from ..models.nyuv2_upernet import nyuv2_upernet

_num_classes = 40
_data_root = "data/nyuv2"
_crop_size = (448, 576)  # height, width; not stated in paper: InvPT

_train_pipeline = [
    dict(type=LoadImage),
    dict(type=LoadSegMap, num_classes=_num_classes),
    dict(type=JointRandomResize, ratio_range=(0.5, 2.0)),  # not stated in paper: InvPT
    dict(type=JointRandomCrop, size=_crop_size, cat_max_ratio=0.75),  # not stated: InvPT
    dict(type=JointRandomFlip, prob=0.5),  # not stated in paper: InvPT
    dict(type=PhotoMetricDistortion),  # not stated in paper: InvPT
    dict(type=PackSegInputs),
]
_test_pipeline = [
    dict(type=LoadImage),
    dict(type=LoadSegMap, num_classes=_num_classes),
    dict(type=PackSegInputs),
]

nyuv2_semantic = dict(
    decoder=nyuv2_upernet,
    train=dict(
        dataset=dict(
            type=NYUv2,
            data_root=_data_root,
            ann_file="gt_sets/train.txt",
            labels=["semantic"],
            num_classes=_num_classes,
            pipeline=_train_pipeline,
        ),
        batch_size=2,  # not stated in paper: 16 on 8 GPUs
        num_workers=4,
        sampling="shuffle",
    ),
    val=dict(
        dataset=dict(
            type=NYUv2,
            data_root=_data_root,
            ann_file="gt_sets/val.txt",
            labels=["semantic"],
            num_classes=_num_classes,
            test_mode=True,
            pipeline=_test_pipeline,
        ),
        batch_size=1,  # not stated in paper; does not change the result
        num_workers=2,
    ),
    metrics=dict(type=IoUMetric, iou_metrics=["mIoU"]),
    loss_weight=1.0,  # not stated in paper: no other task trains what this one does
    paper=dict(mIoU=0.647),
    primary="mIoU",
    table="Paper, Table 1",
    licence="NYUv2: none stated by its owners; in use for research",
)
