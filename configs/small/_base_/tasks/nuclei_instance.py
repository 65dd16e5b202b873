"""Instances of cell nuclei (2018 Data Science Bowl) with Mask DINO.

Data: ``data/small/nuclei``, see data/README.md. 483 training pictures with 19,811 nuclei, 158 with
6,444 to test on, most of 256 x 256; a split of our own, since none is published for the training
part. The measure is that of COCO, which counts the 100 best of an image: what a picture has beyond
a hundred nuclei is out of its reach.
"""

from mmcv.transforms import RandomResize
from mmdet.datasets.transforms import (
    FilterAnnotations,
    RandomCrop,
    RandomFlip,
    Resize,
)
from mmdet.evaluation import CocoMetric
from mmdet.models.data_preprocessors import BatchFixedSizePad, DetDataPreprocessor
from mmengine.config import read_base

from argus.datasets.coco import CocoInstances
from argus.datasets.transforms import CheckLabel, LoadImage, LoadInstances, PackInstances
from argus.models.backbones.shared import SharedBackbone
from argus.models.decoders.mask_dino import (
    MaskDINO,
    MaskDINOCriterion,
    MaskDINOHead,
    MaskDINOPixelEncoder,
)

with read_base():
    from ...._base_.normalisation import dinov2 as _dinov2

_data_root = "data/small/nuclei"
_metainfo = dict(classes=("nucleus",), palette=[(220, 20, 60)])
_width = 384  # of the backbone
_size = (256, 256)

nuclei_instance = dict(
    decoder=dict(
        type=MaskDINO,
        data_preprocessor=dict(
            type=DetDataPreprocessor,
            **_dinov2,
            bgr_to_rgb=True,
            pad_mask=True,
            pad_size_divisor=32,
            batch_augments=[dict(type=BatchFixedSizePad, size=_size, pad_mask=True)],
        ),
        backbone=dict(type=SharedBackbone),
        pixel_encoder=dict(
            type=MaskDINOPixelEncoder,
            in_channels=[_width] * 4,
            embed_dim=192,
            mask_dim=192,
            num_layers=2,
            num_heads=6,
            num_points=4,
            ffn_dim=768,
            levels=(1, 2, 3),
            num_extra_levels=0,
            dropout=0.0,
            position_code="centre",
        ),
        head=dict(
            type=MaskDINOHead,
            num_queries=120,
            num_layers=4,
            num_heads=6,
            num_points=4,
            ffn_dim=768,
            dropout=0.0,
            num_denoising=100,
            box_noise=0.4,
            label_noise=0.2,
            box_start="mask",
            base_box_size=0.05,
            smallest_guess="fine",
        ),
        criterion=dict(
            type=MaskDINOCriterion,
            class_weight=4.0,
            mask_weight=5.0,
            dice_weight=5.0,
            box_weight=5.0,
            giou_weight=2.0,
            num_points=2048,
        ),
        num_things_classes=1,
        num_stuff_classes=0,
        canvas="image",
        test_cfg=dict(instance_on=True, semantic_on=False, panoptic_on=False, max_per_image=100),
    ),
    train=dict(
        dataset=dict(
            type=CocoInstances,
            data_root=_data_root,
            ann_file="annotations/train.json",
            data_prefix=dict(img="train/"),
            metainfo=_metainfo,
            filter_cfg=dict(filter_empty_gt=True),
            pipeline=[
                dict(type=LoadImage),
                dict(type=LoadInstances, with_bbox=True, with_mask=True),
                dict(type=CheckLabel, num_classes=1),
                dict(type=RandomFlip, prob=0.75, direction=["horizontal", "vertical", "diagonal"]),
                dict(
                    type=RandomResize,
                    resize_type=Resize,
                    scale=_size,
                    ratio_range=(0.8, 2.0),
                    keep_ratio=True,
                ),
                dict(
                    type=RandomCrop,
                    crop_size=_size,
                    crop_type="absolute",
                    recompute_bbox=True,
                    allow_negative_crop=True,
                ),
                dict(
                    type=FilterAnnotations,
                    min_gt_bbox_wh=(2.0, 2.0),
                    by_mask=True,
                    keep_empty=False,
                ),
                dict(type=PackInstances),
            ],
        ),
        batch_size=2,
        num_workers=1,
        sampling="shuffle",
    ),
    val=dict(
        dataset=dict(
            type=CocoInstances,
            data_root=_data_root,
            ann_file="annotations/val.json",
            data_prefix=dict(img="val/"),
            metainfo=_metainfo,
            test_mode=True,
            pipeline=[
                dict(type=LoadImage),
                dict(type=Resize, scale=(512, 384), keep_ratio=True),
                # After Resize: the metric compares at the original size.
                dict(type=LoadInstances, with_bbox=True, with_mask=True),
                dict(type=CheckLabel, num_classes=1),
                dict(
                    type=PackInstances,
                    meta_keys=("img_id", "img_path", "ori_shape", "img_shape", "scale_factor"),
                ),
            ],
        ),
        batch_size=1,
        num_workers=1,
    ),
    metrics=dict(
        type=CocoMetric,
        ann_file=f"{_data_root}/annotations/val.json",
        metric=["bbox", "segm"],
    ),
    # Summed over its layers, this loss begins near 190, and its gradient on the adapter is some 250
    # times those of the others (tools/analysis/gradients.py, untrained): with weight 1 the adapter
    # would learn nuclei alone.
    loss_weight=0.02,
    lr_mult=0.5,
    primary="segm_mAP",
    report=["segm_mAP", "segm_mAP_50", "bbox_mAP"],
    licence="2018 Data Science Bowl, stage 1: CC0",
)
