"""Semantic segmentation on ADE20K (150 classes) with UperNet: 56.5 mIoU in the paper (Base).

Data: ``data/ade/ADEChallengeData2016``, see data/README.md. 20,210 training and 2,000 validation
images; 300,000 steps of 16 images are 237 epochs.
"""

from mmcv.transforms import RandomFlip, RandomResize, Resize
from mmengine.config import read_base
from mmseg.datasets import ADE20KDataset
from mmseg.datasets.transforms import PackSegInputs, RandomCrop
from mmseg.evaluation import IoUMetric

from argus.datasets.transforms import LoadImage, LoadSegMap, PhotoMetricDistortion

with read_base():
    from ..models.upernet import upernet

_num_classes = 150
_data_root = "data/ade/ADEChallengeData2016"
_crop_size = (512, 512)  # the decoder's window too; not stated in paper: ViT-Adapter
_scale = (2048, 512)  # long and short side; not stated in paper: ViT-Adapter

_train_pipeline = [
    dict(type=LoadImage),
    dict(type=LoadSegMap, num_classes=_num_classes),
    dict(  # not stated in paper: ViT-Adapter
        type=RandomResize, resize_type=Resize, scale=_scale, ratio_range=(0.5, 2.0), keep_ratio=True
    ),
    dict(type=RandomCrop, crop_size=_crop_size, cat_max_ratio=0.75),  # not stated: ViT-Adapter
    dict(type=RandomFlip, prob=0.5),  # not stated in paper: ViT-Adapter
    dict(type=PhotoMetricDistortion),  # not stated in paper: ViT-Adapter
    dict(type=PackSegInputs),
]
_test_pipeline = [
    dict(type=LoadImage),
    dict(type=Resize, scale=_scale, keep_ratio=True),  # not stated in paper: ViT-Adapter
    # After Resize: the metric compares at the original size.
    dict(type=LoadSegMap, num_classes=_num_classes),
    dict(type=PackSegInputs),
]

ade20k_semantic = dict(
    decoder=upernet,
    train=dict(
        dataset=dict(
            type=ADE20KDataset,
            data_root=_data_root,
            data_prefix=dict(img_path="images/training", seg_map_path="annotations/training"),
            pipeline=_train_pipeline,
        ),
        batch_size=2,  # not stated in paper: 16 on 8 GPUs, as UperNet's stock schedules
        num_workers=4,
        sampling="shuffle",
    ),
    val=dict(
        dataset=dict(
            type=ADE20KDataset,
            data_root=_data_root,
            data_prefix=dict(img_path="images/validation", seg_map_path="annotations/validation"),
            test_mode=True,
            pipeline=_test_pipeline,
        ),
        batch_size=1,  # not stated in paper; images differ in size
        num_workers=2,
    ),
    metrics=dict(type=IoUMetric, iou_metrics=["mIoU"]),
    loss_weight=1.0,  # not stated in paper: "empirical constants"
    paper=dict(mIoU=0.565),  # single scale
    primary="mIoU",
    table="Paper, Table 1",
    licence="ADE20K: research and education, non-commercial",
)
