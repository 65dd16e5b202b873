"""Mask DINO at full size: the stock COCO recipe on the four maps of an Argus backbone.

Source: IDEA-Research/MaskDINO, COCO instance segmentation, R50, 50 epochs, three scales; the width
of the encoder's feed-forward network is that of its larger variant. Four scales:
``pixel_encoder=dict(levels=(0, 1, 2, 3), num_extra_levels=1)``.
"""

from mmdet.models.data_preprocessors import DetDataPreprocessor

from argus.models.backbones.shared import SharedBackbone
from argus.models.decoders.mask_dino import (
    MaskDINO,
    MaskDINOCriterion,
    MaskDINOHead,
    MaskDINOPixelEncoder,
)

mask_dino = dict(
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
        in_channels=[768, 768, 768, 768],  # embed_dim of the backbone
        embed_dim=256,
        mask_dim=256,
        num_layers=6,
        num_heads=8,
        num_points=4,
        ffn_dim=2048,
        levels=(1, 2, 3),
        num_extra_levels=0,
        dropout=0.0,
    ),
    head=dict(
        type=MaskDINOHead,
        num_queries=300,
        num_layers=9,
        num_heads=8,
        num_points=4,
        ffn_dim=2048,
        dropout=0.0,
        num_denoising=100,
        box_noise=0.4,
        label_noise=0.2,
        box_start="mask",
        base_box_size=0.05,
    ),
    criterion=dict(
        type=MaskDINOCriterion,
        class_weight=4.0,
        mask_weight=5.0,
        dice_weight=5.0,
        box_weight=5.0,
        giou_weight=2.0,
        num_points=12544,
        oversample_ratio=3.0,
        importance_ratio=0.75,
        selection_repeats=1,
    ),
    num_things_classes=80,
    num_stuff_classes=0,
    test_cfg=dict(instance_on=True, semantic_on=False, panoptic_on=False, max_per_image=100),
)
