"""Human parsing on PASCAL-Context (6 parts and background) with UperNet: mIoU 77.8 in the paper.

Data: ``data/pascal_mt``, see data/README.md. Of 4,998 training and 5,105 test images those with
people, which alone have this label.
"""

from mmengine.config import read_base
from mmseg.datasets.transforms import PackSegInputs, PhotoMetricDistortion
from mmseg.evaluation import IoUMetric

from argus.datasets.pascal_context import PascalContext
from argus.datasets.transforms import (
    IgnoreEmpty,
    JointRandomCrop,
    JointRandomFlip,
    JointRandomResize,
    LoadImage,
    LoadSegMap,
)

with read_base():
    from ..models.upernet_parsing import upernet_parsing

_num_classes = 7
_data_root = "data/pascal_mt"
_crop_size = (512, 512)  # not stated in paper: InvPT

_train_pipeline = [
    dict(type=LoadImage),
    dict(type=LoadSegMap, num_classes=_num_classes),
    dict(type=JointRandomResize, ratio_range=(0.5, 2.0)),  # not stated in paper: InvPT
    # not stated: InvPT, which bounds the shares of its semantic classes instead
    dict(type=JointRandomCrop, size=_crop_size, cat_max_ratio=0.75),
    dict(type=IgnoreEmpty),  # not stated in paper: InvPT
    dict(type=JointRandomFlip, prob=0.5),  # not stated in paper: InvPT
    dict(type=PhotoMetricDistortion),  # not stated in paper: InvPT
    dict(type=PackSegInputs),
]
_test_pipeline = [
    dict(type=LoadImage),
    dict(type=LoadSegMap, num_classes=_num_classes),
    dict(type=IgnoreEmpty),  # not stated in paper: InvPT
    dict(type=PackSegInputs),
]

pascal_parsing = dict(
    decoder=upernet_parsing,
    train=dict(
        dataset=dict(
            type=PascalContext,
            data_root=_data_root,
            ann_file="ImageSets/train.txt",
            labels=["parsing"],
            pipeline=_train_pipeline,
        ),
        batch_size=2,  # not stated in paper: 16 on 8 GPUs; InvPT 8
        num_workers=4,
        sampling="shuffle",
    ),
    val=dict(
        dataset=dict(
            type=PascalContext,
            data_root=_data_root,
            ann_file="ImageSets/val.txt",
            labels=["parsing"],
            test_mode=True,
            pipeline=_test_pipeline,
        ),
        batch_size=1,  # not stated in paper; does not change the result
        num_workers=2,
    ),
    metrics=dict(type=IoUMetric, iou_metrics=["mIoU"]),
    loss_weight=1.0,  # not stated in paper: no other task trains what this one does
    paper=dict(mIoU=0.778),
    primary="mIoU",
    table="Paper, Table 2",
    licence="PASCAL VOC: images under the terms of Flickr; PASCAL-Part: none stated",
)
