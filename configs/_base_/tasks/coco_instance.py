"""Detection and instance segmentation on COCO with Mask DINO: AP 58.6 box, 51.8 mask in the paper.

Data: ``data/coco``, see data/README.md. 118,287 training and 5,000 validation images; 300,000 steps
of 16 images are 40.6 epochs.
"""

from mmcv.transforms import RandomResize
from mmdet.datasets.transforms import (
    FilterAnnotations,
    LoadAnnotations,
    PackDetInputs,
    RandomCrop,
    RandomFlip,
    Resize,
)
from mmdet.evaluation import CocoMetric
from mmdet.models.data_preprocessors import BatchFixedSizePad
from mmengine.config import read_base

from argus.datasets.coco import CocoInstances
from argus.datasets.transforms import CheckLabel, LoadImage

with read_base():
    from ..models.mask_dino import mask_dino

_num_classes = 80
_data_root = "data/coco"
_size = (1024, 1024)  # not stated in paper: Mask DINO

_train_pipeline = [
    dict(type=LoadImage),
    dict(type=LoadAnnotations, with_bbox=True, with_mask=True),
    dict(type=CheckLabel, num_classes=_num_classes),
    dict(type=RandomFlip, prob=0.5),  # not stated in paper; Mask DINO
    dict(  # not stated in paper; Mask DINO, large-scale jittering
        type=RandomResize, resize_type=Resize, scale=_size, ratio_range=(0.1, 2.0), keep_ratio=True
    ),
    dict(  # not stated in paper; Mask DINO
        type=RandomCrop,
        crop_size=_size,
        crop_type="absolute",
        recompute_bbox=True,
        allow_negative_crop=True,
    ),
    # not stated in paper; Mask DINO, objects that the crop leaves nothing of; a crop without any is
    # kept and teaches background
    dict(type=FilterAnnotations, min_gt_bbox_wh=(1e-5, 1e-5), by_mask=True, keep_empty=False),
    dict(type=PackDetInputs),
]
_test_pipeline = [
    dict(type=LoadImage),
    dict(type=Resize, scale=(1333, 800), keep_ratio=True),  # not stated in paper: Mask DINO
    # After Resize: the metric compares at the original size.
    dict(type=LoadAnnotations, with_bbox=True, with_mask=True),
    dict(type=CheckLabel, num_classes=_num_classes),
    dict(
        type=PackDetInputs,
        meta_keys=("img_id", "img_path", "ori_shape", "img_shape", "scale_factor"),
    ),
]

# not stated in paper; Mask DINO: in training every image fills the crop's size, so that a batch
# costs the same in every step.
mask_dino["data_preprocessor"].update(
    batch_augments=[dict(type=BatchFixedSizePad, size=_size, pad_mask=True)]
)

coco_instance = dict(
    decoder=mask_dino,
    train=dict(
        dataset=dict(
            type=CocoInstances,
            data_root=_data_root,
            ann_file="annotations/instances_train2017.json",
            data_prefix=dict(img="train2017/"),
            # not stated in paper; Mask DINO keeps images without objects out, min_size is mmdet's
            filter_cfg=dict(filter_empty_gt=True, min_size=32),
            pipeline=_train_pipeline,
        ),
        batch_size=2,  # not stated in paper: 16 on 8 GPUs, as Mask DINO
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
    loss_weight=1.0,  # not stated in paper: "empirical constants"
    paper=dict(bbox_mAP=0.586, segm_mAP=0.518),
    primary="bbox_mAP",
    table="Paper, Table 1",
    licence="COCO: annotations CC BY 4.0, images under the terms of Flickr",
)
