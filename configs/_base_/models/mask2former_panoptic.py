"""Panoptic segmentation decoder: Mask2Former, ADE20K, 100 things and 50 kinds of stuff.

For a backbone of 768 channels (Base); Large sets the head's ``in_channels`` to 1024. Source:
facebookresearch/Mask2Former, ADE20K, R50. Another width than 256 has to be set as ``feat_channels``
and ``out_channels`` of the head, in every ``embed_dims``, and half of it as ``num_feats``.
"""

from mmdet.models import (
    Mask2Former,
    Mask2FormerHead,
    MaskFormerFusionHead,
    MSDeformAttnPixelDecoder,
)
from mmdet.models.data_preprocessors import DetDataPreprocessor
from mmdet.models.losses import CrossEntropyLoss, DiceLoss
from mmdet.models.task_modules import (
    ClassificationCost,
    CrossEntropyLossCost,
    DiceCost,
    HungarianAssigner,
    MaskPseudoSampler,
)
from mmengine.config import read_base

from argus.models.backbones.shared import SharedBackbone

with read_base():
    from ..normalisation import dinov2 as _dinov2

_embed_dims = 256  # not stated in paper; Mask2Former
_position = dict(num_feats=128, normalize=True)  # not stated in paper; Mask2Former
# not stated in paper; Mask2Former
_attention = dict(embed_dims=_embed_dims, num_heads=8, attn_drop=0.0, batch_first=True)

mask2former_panoptic = dict(
    type=Mask2Former,
    data_preprocessor=dict(
        type=DetDataPreprocessor,
        **_dinov2,
        bgr_to_rgb=True,
        pad_mask=True,
        pad_seg=True,
        pad_size_divisor=32,
        non_blocking=True,
    ),
    backbone=dict(type=SharedBackbone),
    panoptic_head=dict(
        type=Mask2FormerHead,
        in_channels=[768, 768, 768, 768],
        feat_channels=_embed_dims,
        out_channels=_embed_dims,
        num_things_classes=100,
        num_stuff_classes=50,
        num_queries=100,  # not stated in paper; Mask2Former
        num_transformer_feat_level=3,  # not stated in paper; Mask2Former
        pixel_decoder=dict(
            type=MSDeformAttnPixelDecoder,
            num_outs=3,  # not stated in paper; Mask2Former, strides 32, 16 and 8
            norm_cfg=dict(type="GN", num_groups=32),  # not stated in paper; Mask2Former
            act_cfg=dict(type="ReLU"),  # not stated in paper; Mask2Former
            encoder=dict(
                num_layers=6,  # not stated in paper; Mask2Former
                layer_cfg=dict(
                    self_attn_cfg=dict(  # not stated in paper; Mask2Former
                        embed_dims=_embed_dims,
                        num_heads=8,
                        num_levels=3,
                        num_points=4,
                        dropout=0.0,
                        batch_first=True,
                    ),
                    ffn_cfg=dict(  # not stated in paper; Mask2Former
                        embed_dims=_embed_dims,
                        feedforward_channels=1024,
                        num_fcs=2,
                        ffn_drop=0.0,
                        # not stated in paper; Mask2Former
                        act_cfg=dict(type="ReLU", inplace=True),
                    ),
                ),
            ),
            positional_encoding=_position,
        ),
        positional_encoding=_position,
        transformer_decoder=dict(
            return_intermediate=True,  # not stated in paper; Mask2Former, a loss for every layer
            num_layers=9,  # not stated in paper; Mask2Former
            layer_cfg=dict(
                self_attn_cfg=_attention,
                cross_attn_cfg=_attention,
                ffn_cfg=dict(  # not stated in paper; Mask2Former
                    embed_dims=_embed_dims,
                    feedforward_channels=2048,
                    num_fcs=2,
                    ffn_drop=0.0,
                    # not stated in paper; Mask2Former
                    act_cfg=dict(type="ReLU", inplace=True),
                ),
            ),
            init_cfg=None,  # not stated in paper; the head initialises it
        ),
        loss_cls=dict(  # not stated in paper; Mask2Former
            type=CrossEntropyLoss,
            use_sigmoid=False,
            loss_weight=2.0,
            reduction="mean",
            class_weight=[1.0] * 150 + [0.1],  # the last is "no object"
        ),
        loss_mask=dict(  # not stated in paper; Mask2Former
            type=CrossEntropyLoss, use_sigmoid=True, reduction="mean", loss_weight=5.0
        ),
        loss_dice=dict(  # not stated in paper; Mask2Former
            type=DiceLoss,
            use_sigmoid=True,
            activate=True,
            reduction="mean",
            naive_dice=True,
            eps=1.0,
            loss_weight=5.0,
        ),
    ),
    panoptic_fusion_head=dict(
        type=MaskFormerFusionHead, num_things_classes=100, num_stuff_classes=50
    ),
    train_cfg=dict(  # not stated in paper; Mask2Former
        num_points=12544,
        oversample_ratio=3.0,
        importance_sample_ratio=0.75,
        assigner=dict(
            type=HungarianAssigner,
            match_costs=[
                dict(type=ClassificationCost, weight=2.0),  # not stated in paper; Mask2Former
                # not stated in paper; Mask2Former
                dict(type=CrossEntropyLossCost, weight=5.0, use_sigmoid=True),
                # not stated in paper; Mask2Former
                dict(type=DiceCost, weight=5.0, pred_act=True, eps=1.0),
            ],
        ),
        sampler=dict(type=MaskPseudoSampler),
    ),
    test_cfg=dict(  # not stated in paper; Mask2Former
        panoptic_on=True,
        instance_on=False,
        semantic_on=False,
        object_mask_thr=0.8,
        iou_thr=0.8,  # the overlap threshold
        filter_low_score=True,
    ),
)
