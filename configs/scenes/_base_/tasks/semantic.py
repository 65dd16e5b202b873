"""Semantic segmentation of generated scenes, ten classes, with a small UperNet."""

from mmcv.transforms import RandomFlip
from mmengine.config import read_base
from mmseg.datasets import BaseSegDataset
from mmseg.datasets.transforms import PackSegInputs
from mmseg.evaluation import IoUMetric
from mmseg.models import CrossEntropyLoss, FCNHead

from argus.datasets.scenes.classes import SEMANTIC_CLASSES, SEMANTIC_PALETTE
from argus.datasets.transforms import LoadImage, LoadSegMap

with read_base():
    from .upernet import upernet

_data_root = "data/scenes/ADEChallengeData2016"
_metainfo = dict(classes=SEMANTIC_CLASSES, palette=SEMANTIC_PALETTE)
_num_classes = 10
# Objects cover few pixels: without weights a short training learns the backgrounds alone.
_class_weight = [2.0, 6.0, 6.0, 6.0, 6.0, 6.0, 1.0, 1.0, 1.0, 1.0]

semantic = dict(
    decoder=upernet(
        _class_weight,
        auxiliary_head=dict(
            type=FCNHead,
            in_channels=96,
            in_index=2,
            channels=48,
            num_convs=1,
            concat_input=False,
            dropout_ratio=0.0,
            num_classes=_num_classes,
            norm_cfg=dict(type="GN", num_groups=8),
            align_corners=False,
            loss_decode=dict(type=CrossEntropyLoss, class_weight=_class_weight, loss_weight=0.4),
        ),
    ),
    train=dict(
        dataset=dict(
            type=BaseSegDataset,
            reduce_zero_label=True,
            data_root=_data_root,
            data_prefix=dict(img_path="images/training", seg_map_path="annotations/training"),
            metainfo=_metainfo,
            pipeline=[
                dict(type=LoadImage),
                dict(type=LoadSegMap, num_classes=_num_classes),
                dict(type=RandomFlip, prob=0.5),
                dict(type=PackSegInputs),
            ],
        ),
        batch_size=4,
        num_workers=1,
    ),
    val=dict(
        dataset=dict(
            type=BaseSegDataset,
            reduce_zero_label=True,
            data_root=_data_root,
            data_prefix=dict(img_path="images/validation", seg_map_path="annotations/validation"),
            metainfo=_metainfo,
            test_mode=True,
            pipeline=[
                dict(type=LoadImage),
                dict(type=LoadSegMap, num_classes=_num_classes),
                dict(type=PackSegInputs),
            ],
        ),
        batch_size=8,
        num_workers=1,
    ),
    metrics=dict(type=IoUMetric, iou_metrics=["mIoU"]),
    loss_weight=4.0,
    lr_mult=2.0,
    primary="mIoU",
    report=["mIoU", "aAcc"],
)
