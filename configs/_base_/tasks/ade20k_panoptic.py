"""Panoptic segmentation on ADE20K (100 things, 50 stuff) with Mask2Former: PQ 45.1 in the paper.

Data: ``data/ade/ADEChallengeData2016``, see data/README.md. 20,210 training and 2,000 validation
images; 160,000 steps of 16 images are 127 epochs.
"""

from mmcv.transforms import RandomChoiceResize
from mmengine.config import read_base

from argus.datasets.ade20k import ADE20KPanoptic
from argus.datasets.transforms import (
    JointRandomCrop,
    JointRandomFlip,
    JointResize,
    LoadImage,
    LoadPanoptic,
    PackPanoptic,
    PackPanopticMap,
    PhotoMetricDistortion,
)
from argus.evaluation.metrics import PanopticQuality

with read_base():
    from ..models.mask2former_panoptic import mask2former_panoptic

_num_classes = 150
_data_root = "data/ade/ADEChallengeData2016"
_crop_size = (640, 640)  # not stated in paper: Mask2Former
_scale = (2560, 640)  # long and short side of a test image; not stated in paper: Mask2Former

_train_pipeline = [
    dict(type=LoadImage),
    dict(type=LoadPanoptic, num_classes=_num_classes),
    dict(  # not stated in paper: Mask2Former, short side 320 to 1280 in steps of 64
        type=RandomChoiceResize,
        scales=[(2560, 64 * step) for step in range(5, 21)],
        resize_type=JointResize,
        scale=_scale,
        keep_ratio=True,
    ),
    dict(type=JointRandomCrop, size=_crop_size),
    dict(type=PhotoMetricDistortion),  # not stated in paper: Mask2Former
    dict(type=JointRandomFlip, prob=0.5),  # not stated in paper: Mask2Former
    dict(type=PackPanoptic),
]
_test_pipeline = [
    dict(type=LoadImage),
    dict(type=JointResize, scale=_scale, keep_ratio=True),  # not stated in paper: Mask2Former
    # After JointResize: the metric compares at the original size.
    dict(type=LoadPanoptic, num_classes=_num_classes),
    dict(type=PackPanopticMap),
]

ade20k_panoptic = dict(
    decoder=mask2former_panoptic,
    train=dict(
        dataset=dict(
            type=ADE20KPanoptic,
            data_root=_data_root,
            ann_file="ade20k_panoptic_train.json",
            data_prefix=dict(img="images/training", seg="ade20k_panoptic_train"),
            pipeline=_train_pipeline,
        ),
        batch_size=2,  # not stated in paper: 16 on 8 GPUs, as Mask2Former
        num_workers=4,
        sampling="shuffle",
    ),
    val=dict(
        dataset=dict(
            type=ADE20KPanoptic,
            data_root=_data_root,
            ann_file="ade20k_panoptic_val.json",
            data_prefix=dict(img="images/validation", seg="ade20k_panoptic_val"),
            test_mode=True,
            pipeline=_test_pipeline,
        ),
        batch_size=1,  # not stated in paper; does not change the result
        num_workers=2,
    ),
    metrics=dict(type=PanopticQuality, num_things_classes=100, num_stuff_classes=50),
    loss_weight=1.0,  # not stated in paper: "empirical constants"
    paper=dict(PQ=0.451),
    primary="PQ",
    report=["PQ", "SQ", "RQ", "PQ_th", "PQ_st"],  # not stated in paper: PQ alone
    table="Paper, Table 1",
    licence="ADE20K: research and education, non-commercial",
)
