"""Detection and instance segmentation of generated scenes with a small Mask DINO."""

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
    from ...._base_.normalisation import dinov2 as _dinov2
    from .coco import coco_data

_channels = 96

instance = dict(
    decoder=dict(
        type=MaskDINO,
        data_preprocessor=dict(
            type=DetDataPreprocessor,
            **_dinov2,
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
    **coco_data(masks=True),
)
