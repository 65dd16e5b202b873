"""Detection and instance segmentation on COCO with Mask R-CNN: AP 53.0 box, 47.3 mask in the paper.

Data: ``data/coco``, see data/README.md. 118,287 training and 5,000 validation images; the 36 epochs
of the 3x schedule are 266,146 steps of 16 images.
"""

from mmcv.transforms import RandomChoice, RandomChoiceResize
from mmdet.datasets.transforms import (
    FilterAnnotations,
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
    from ..models.mask_rcnn import mask_rcnn

_num_classes = 80
_data_root = "data/coco"
# not stated in paper: ViT-Adapter, shorter sides of the multi-scale training
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
    dict(type=LoadAnnotations, with_bbox=True, with_mask=True),
    dict(type=CheckLabel, num_classes=_num_classes),
    dict(type=RandomFlip, prob=0.5),  # not stated in paper; ViT-Adapter
    dict(
        type=RandomChoice,
        transforms=[
            [
                # not stated in paper; ViT-Adapter
                dict(type=RandomChoiceResize, resize_type=Resize, scales=_scales, keep_ratio=True)
            ],
            [
                dict(  # not stated in paper; ViT-Adapter
                    type=RandomChoiceResize,
                    resize_type=Resize,
                    scales=[(400, 1333), (500, 1333), (600, 1333)],
                    keep_ratio=True,
                ),
                dict(  # not stated in paper; ViT-Adapter
                    type=RandomCrop,
                    crop_type="absolute_range",
                    crop_size=(384, 600),
                    allow_negative_crop=True,
                ),
                # not stated in paper; ViT-Adapter
                dict(type=RandomChoiceResize, resize_type=Resize, scales=_scales, keep_ratio=True),
            ],
        ],
    ),
    dict(  # not stated in paper; ViT-Adapter
        type=RandomCrop,
        crop_type="absolute_range",
        crop_size=(1024, 1024),
        allow_negative_crop=True,
    ),
    # not stated in paper; objects that the crop leaves nothing of
    dict(type=FilterAnnotations, min_gt_bbox_wh=(1e-5, 1e-5), by_mask=True),
    dict(type=PackDetInputs),
]
_test_pipeline = [
    dict(type=LoadImage),
    dict(type=Resize, scale=(1333, 800), keep_ratio=True),  # not stated in paper: ViT-Adapter
    # After Resize: the metric compares at the original size.
    dict(type=LoadAnnotations, with_bbox=True, with_mask=True),
    dict(type=CheckLabel, num_classes=_num_classes),
    dict(
        type=PackDetInputs,
        meta_keys=("img_id", "img_path", "ori_shape", "img_shape", "scale_factor"),
    ),
]

coco_mask_rcnn = dict(
    decoder=mask_rcnn,
    train=dict(
        dataset=dict(
            type=CocoInstances,
            data_root=_data_root,
            ann_file="annotations/instances_train2017.json",
            data_prefix=dict(img="train2017/"),
            # not stated in paper; mmdet's Mask R-CNN
            filter_cfg=dict(filter_empty_gt=True, min_size=32),
            pipeline=_train_pipeline,
        ),
        batch_size=2,  # not stated in paper: 16 on 8 GPUs, as ViT-Adapter
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
        metric=["bbox", "segm"],
    ),
    loss_weight=1.0,  # not stated in paper: trained alone, so it is the learning rate's scale
    paper=dict(bbox_mAP=0.530, segm_mAP=0.473),
    primary="bbox_mAP",
    table="Paper, Table 6",
    licence="COCO: annotations CC BY 4.0, images under the terms of Flickr",
)
