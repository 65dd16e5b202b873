"""Mask DINO at full size: the stock COCO recipe on the four maps of an Argus backbone.

Source: IDEA-Research/MaskDINO, COCO instance segmentation, R50, 50 epochs, three scales; the width
of the encoder's feed-forward network is that of its larger variant. Four scales:
``pixel_encoder=dict(levels=(0, 1, 2, 3), num_extra_levels=1)``. What only its code says, not its
paper, is set here by name.
"""

from mmdet.models.data_preprocessors import DetDataPreprocessor
from mmengine.config import read_base

from argus.models.backbones.shared import SharedBackbone
from argus.models.decoders.mask_dino import (
    MaskDINO,
    MaskDINOCriterion,
    MaskDINOHead,
    MaskDINOPixelEncoder,
)

with read_base():
    from ..normalisation import dinov2 as _dinov2

mask_dino = dict(
    type=MaskDINO,
    data_preprocessor=dict(
        type=DetDataPreprocessor,
        **_dinov2,
        bgr_to_rgb=True,
        pad_mask=True,
        pad_size_divisor=32,
        non_blocking=True,
    ),
    backbone=dict(type=SharedBackbone),
    pixel_encoder=dict(
        type=MaskDINOPixelEncoder,
        in_channels=[768, 768, 768, 768],  # embed_dim of the backbone
        embed_dim=256,  # not stated in paper; Mask DINO
        mask_dim=256,  # not stated in paper; Mask DINO
        num_layers=6,  # not stated in paper; Mask DINO
        num_heads=8,  # not stated in paper; Mask DINO
        num_points=4,  # not stated in paper; Mask DINO
        ffn_dim=2048,  # not stated in paper; Mask DINO, its larger variant for the encoder
        levels=(1, 2, 3),  # not stated in paper; Mask DINO, three scales
        num_extra_levels=0,  # not stated in paper; Mask DINO, three scales
        dropout=0.0,  # not stated in paper; Mask DINO
        position_code="end",  # not stated in paper; Mask DINO's code
    ),
    head=dict(
        type=MaskDINOHead,
        num_queries=300,  # not stated in paper; Mask DINO
        num_layers=9,  # not stated in paper; Mask DINO
        num_heads=8,  # not stated in paper; Mask DINO
        num_points=4,  # not stated in paper; Mask DINO
        ffn_dim=2048,  # not stated in paper; Mask DINO, its larger variant for the encoder
        dropout=0.0,  # not stated in paper; Mask DINO
        num_denoising=100,  # not stated in paper; Mask DINO
        box_noise=0.4,  # not stated in paper; Mask DINO
        label_noise=0.2,  # not stated in paper; Mask DINO
        box_start="mask",  # not stated in paper; Mask DINO
        base_box_size=0.05,  # not stated in paper; Deformable DETR, two stages
        smallest_guess="fine",  # not stated in paper; Mask DINO, three scales
        box_epsilon=1e-5,  # not stated in paper; Mask DINO's code
        norm_twice=True,  # not stated in paper; Mask DINO's code
        reference_from="query",  # not stated in paper; Mask DINO's code
    ),
    criterion=dict(
        type=MaskDINOCriterion,
        class_weight=4.0,  # not stated in paper; Mask DINO
        mask_weight=5.0,  # not stated in paper; Mask DINO
        dice_weight=5.0,  # not stated in paper; Mask DINO
        box_weight=5.0,  # not stated in paper; Mask DINO
        giou_weight=2.0,  # not stated in paper; Mask DINO
        num_points=12544,  # not stated in paper; Mask DINO
        oversample_ratio=3.0,  # not stated in paper; Mask DINO
        importance_ratio=0.75,  # not stated in paper; Mask DINO
        padding_is_background=True,  # not stated in paper; Mask DINO's code
        selection_repeats=1,  # not stated in paper; Mask DINO, one query per instance
    ),
    num_things_classes=80,
    num_stuff_classes=0,
    canvas="padded",  # not stated in paper; Mask DINO's code
    # not stated in paper; Mask DINO, the 100 best of an image as the COCO metric takes them
    test_cfg=dict(instance_on=True, semantic_on=False, panoptic_on=False, max_per_image=100),
)
