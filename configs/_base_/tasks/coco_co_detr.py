"""Object detection on COCO with Co-DETR: AP 60.5 box in the paper.

Data: ``data/coco``, see data/README.md. 118,287 training and 5,000 validation images; 12 epochs are
88,715 steps of 16 images, 36 epochs 266,146.
"""

from mmcv.transforms import RandomChoice, RandomChoiceResize
from mmdet.datasets.transforms import (
    LoadAnnotations,
    PackDetInputs,
    RandomCrop,
    RandomFlip,
    Resize,
)
from mmdet.evaluation import CocoMetric
from mmengine.config import read_base

from argus.datasets.coco import CocoInstances
from argus.datasets.transforms import CheckLabel, LoadImage

with read_base():
    from ..models.co_detr import co_detr

_num_classes = 80
_data_root = "data/coco"
# not stated in paper: Co-DETR, shorter sides of the multi-scale training of DETR
_scales = [
    (480, 1333),
    (512, 1333),
    (544, 1333),
    (576, 1333),
    (608, 1333),
    (640, 1333),
    (672, 1333),
    (704, 1333),
    (736, 1333),
    (768, 1333),
    (800, 1333),
]

_train_pipeline = [
    dict(type=LoadImage),
    dict(type=LoadAnnotations, with_bbox=True),
    dict(type=CheckLabel, num_classes=_num_classes),
    dict(type=RandomFlip, prob=0.5),  # not stated in paper; Co-DETR
    dict(
        type=RandomChoice,
        transforms=[
            [
                # not stated in paper; Co-DETR
                dict(type=RandomChoiceResize, resize_type=Resize, scales=_scales, keep_ratio=True)
            ],
            [
                dict(  # not stated in paper; Co-DETR: all images are less than 7 times as long
                    type=RandomChoiceResize,
                    resize_type=Resize,
                    scales=[(400, 4200), (500, 4200), (600, 4200)],
                    keep_ratio=True,
                ),
                dict(  # not stated in paper; Co-DETR
                    type=RandomCrop,
                    crop_type="absolute_range",
                    crop_size=(384, 600),
                    allow_negative_crop=True,
                ),
                # not stated in paper; Co-DETR
                dict(type=RandomChoiceResize, resize_type=Resize, scales=_scales, keep_ratio=True),
            ],
        ],
    ),
    dict(type=PackDetInputs),
]
_test_pipeline = [
    dict(type=LoadImage),
    dict(type=Resize, scale=(1333, 800), keep_ratio=True),  # not stated in paper: Co-DETR
    # After Resize: the metric compares at the original size.
    dict(type=LoadAnnotations, with_bbox=True),
    dict(type=CheckLabel, num_classes=_num_classes),
    dict(
        type=PackDetInputs,
        meta_keys=("img_id", "img_path", "ori_shape", "img_shape", "scale_factor"),
    ),
]

coco_co_detr = dict(
    decoder=co_detr,
    train=dict(
        dataset=dict(
            type=CocoInstances,
            data_root=_data_root,
            ann_file="annotations/instances_train2017.json",
            data_prefix=dict(img="train2017/"),
            filter_cfg=dict(filter_empty_gt=False),  # not stated in paper; Co-DETR
            pipeline=_train_pipeline,
        ),
        batch_size=2,  # not stated in paper: 16 on 8 GPUs, as Co-DETR
        num_workers=4,
        sampling="shuffle",
    ),
    val=dict(
        dataset=dict(
            type=CocoInstances,
            data_root=_data_root,
            ann_file="annotations/instances_val2017.json",
            data_prefix=dict(img="val2017/"),
            test_mode=True,
            pipeline=_test_pipeline,
        ),
        batch_size=1,  # not stated in paper; does not change the result
        num_workers=2,
    ),
    metrics=dict(
        type=CocoMetric,
        ann_file=f"{_data_root}/annotations/instances_val2017.json",
        metric="bbox",
    ),
    loss_weight=1.0,  # not stated in paper: trained alone, so it is the learning rate's scale
    paper=dict(bbox_mAP=0.605),
    primary="bbox_mAP",
    table="Paper, Table 6",
    licence="COCO: annotations CC BY 4.0, images under the terms of Flickr",
)
