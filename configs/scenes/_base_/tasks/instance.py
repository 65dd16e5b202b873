"""Detection and instance segmentation of generated scenes with a small Mask DINO."""

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
from mmdet.models.data_preprocessors import DetDataPreprocessor
from mmengine.config import read_base  # noqa: F401  marks a new-style config

from argus.datasets.coco import CocoInstances
from argus.datasets.scenes.classes import THING_CLASSES, THING_PALETTE
from argus.datasets.transforms import CheckLabel, LoadImage
from argus.models.backbones.shared import SharedBackbone
from argus.models.decoders.mask_dino import (
    MaskDINO,
    MaskDINOCriterion,
    MaskDINOHead,
    MaskDINOPixelEncoder,
)

_data_root = "data/scenes/coco"
_metainfo = dict(classes=THING_CLASSES, palette=THING_PALETTE)
_channels = 96

instance = dict(
    decoder=dict(
        type=MaskDINO,
        data_preprocessor=dict(
            type=DetDataPreprocessor,
            mean=[123.675, 116.28, 103.53],
            std=[58.395, 57.12, 57.375],
            bgr_to_rgb=True,
            pad_mask=True,
            pad_size_divisor=32,
        ),
        backbone=dict(type=SharedBackbone),
        pixel_encoder=dict(
            type=MaskDINOPixelEncoder,
            in_channels=[_channels] * 4,
            embed_dim=_channels,
            mask_dim=_channels,
            num_layers=1,
            num_heads=4,
            num_points=4,
            ffn_dim=192,
            position_code="centre",
        ),
        head=dict(
            type=MaskDINOHead,
            num_queries=30,
            num_layers=3,
            num_heads=4,
            num_points=4,
            ffn_dim=192,
            num_denoising=30,
            box_start="token",
            base_box_size=0.2,
            # The documented results are those of these values; full size has the published ones.
            box_epsilon=1e-3,
            norm_twice=False,
            reference_from="normed",
        ),
        criterion=dict(
            type=MaskDINOCriterion,
            num_points=None,
            padding_is_background=False,
            selection_repeats=2,
        ),
        num_things_classes=6,
        num_stuff_classes=0,
        canvas="image",
        test_cfg=dict(instance_on=True, semantic_on=False, panoptic_on=False, max_per_image=30),
    ),
    train=dict(
        dataset=dict(
            type=CocoInstances,
            data_root=_data_root,
            ann_file="annotations/instances_train2017.json",
            data_prefix=dict(img="train2017/"),
            metainfo=_metainfo,
            filter_cfg=dict(filter_empty_gt=True),
            pipeline=[
                dict(type=LoadImage),
                dict(type=LoadAnnotations, with_bbox=True, with_mask=True),
                dict(type=CheckLabel, num_classes=6),
                dict(type=RandomFlip, prob=0.5),
                dict(type=PackDetInputs),
            ],
        ),
        batch_size=4,
        num_workers=1,
    ),
    val=dict(
        dataset=dict(
            type=CocoInstances,
            data_root=_data_root,
            ann_file="annotations/instances_val2017.json",
            data_prefix=dict(img="val2017/"),
            metainfo=_metainfo,
            test_mode=True,
            pipeline=[
                dict(type=LoadImage),
                dict(type=LoadAnnotations, with_bbox=True, with_mask=True),
                dict(
                    type=PackDetInputs,
                    meta_keys=("img_id", "img_path", "ori_shape", "img_shape", "scale_factor"),
                ),
            ],
        ),
        batch_size=8,
        num_workers=1,
    ),
    metrics=dict(
        type=CocoMetric,
        ann_file=f"{_data_root}/annotations/instances_val2017.json",
        metric=["bbox", "segm"],
    ),
    loss_weight=0.5,
    primary="bbox_mAP_50",
    report=["bbox_mAP", "bbox_mAP_50", "segm_mAP", "segm_mAP_50"],
)
