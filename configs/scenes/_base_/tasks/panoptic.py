"""Panoptic segmentation of generated scenes, 6 things and 4 stuff, with a small Mask2Former."""

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

from argus.datasets.ade20k import ADE20KPanoptic
from argus.datasets.scenes.classes import (
    SEMANTIC_CLASSES,
    SEMANTIC_PALETTE,
    STUFF_CLASSES,
    THING_CLASSES,
)
from argus.datasets.transforms import (
    JointRandomFlip,
    LoadImage,
    LoadPanoptic,
    PackPanoptic,
    PackPanopticMap,
)
from argus.evaluation.metrics import PanopticQuality
from argus.models.backbones.shared import SharedBackbone

with read_base():
    from ...._base_.normalisation import dinov2 as _dinov2

_data_root = "data/scenes/ADEChallengeData2016"
_metainfo = dict(
    classes=SEMANTIC_CLASSES,
    thing_classes=THING_CLASSES,
    stuff_classes=STUFF_CLASSES,
    palette=SEMANTIC_PALETTE,
)
_num_classes = 10
_channels = 96
_width = 64
_attention = dict(embed_dims=_width, num_heads=4, batch_first=True)
_feed_forward = dict(
    embed_dims=_width,
    feedforward_channels=128,
    num_fcs=2,
    ffn_drop=0.0,
    act_cfg=dict(type="ReLU", inplace=True),
)
_position = dict(num_feats=32, normalize=True)

panoptic = dict(
    decoder=dict(
        type=Mask2Former,
        data_preprocessor=dict(
            type=DetDataPreprocessor,
            **_dinov2,
            bgr_to_rgb=True,
            pad_mask=True,
            pad_seg=True,
            pad_size_divisor=32,
        ),
        backbone=dict(type=SharedBackbone),
        panoptic_head=dict(
            type=Mask2FormerHead,
            in_channels=[_channels] * 4,
            feat_channels=_width,
            out_channels=_width,
            num_things_classes=6,
            num_stuff_classes=4,
            num_queries=30,
            num_transformer_feat_level=3,
            pixel_decoder=dict(
                type=MSDeformAttnPixelDecoder,
                num_outs=3,
                norm_cfg=dict(type="GN", num_groups=8),
                act_cfg=dict(type="ReLU"),
                encoder=dict(
                    num_layers=1,
                    layer_cfg=dict(
                        self_attn_cfg=dict(**_attention, num_levels=3, num_points=4, dropout=0.0),
                        ffn_cfg=_feed_forward,
                    ),
                ),
                positional_encoding=_position,
            ),
            positional_encoding=_position,
            transformer_decoder=dict(
                return_intermediate=True,
                num_layers=3,
                layer_cfg=dict(
                    self_attn_cfg=_attention, cross_attn_cfg=_attention, ffn_cfg=_feed_forward
                ),
                init_cfg=None,
            ),
            loss_cls=dict(
                type=CrossEntropyLoss, loss_weight=2.0, class_weight=[1.0] * _num_classes + [0.1]
            ),
            loss_mask=dict(type=CrossEntropyLoss, use_sigmoid=True, loss_weight=5.0),
            loss_dice=dict(type=DiceLoss, activate=True, naive_dice=True, eps=1.0, loss_weight=5.0),
        ),
        panoptic_fusion_head=dict(
            type=MaskFormerFusionHead, num_things_classes=6, num_stuff_classes=4
        ),
        train_cfg=dict(
            num_points=1024,  # one in 16 pixels, or every pixel of the mask logits
            oversample_ratio=3.0,
            importance_sample_ratio=0.75,
            assigner=dict(
                type=HungarianAssigner,
                match_costs=[
                    dict(type=ClassificationCost, weight=2.0),
                    dict(type=CrossEntropyLossCost, weight=5.0, use_sigmoid=True),
                    dict(type=DiceCost, weight=5.0, pred_act=True, eps=1.0),
                ],
            ),
            sampler=dict(type=MaskPseudoSampler),
        ),
        # A short training leaves scores low; the area that others hide is as in the full size.
        test_cfg=dict(
            panoptic_on=True,
            instance_on=False,
            semantic_on=False,
            object_mask_thr=0.4,
            iou_thr=0.8,
            filter_low_score=True,
        ),
    ),
    train=dict(
        dataset=dict(
            type=ADE20KPanoptic,
            data_root=_data_root,
            ann_file="ade20k_panoptic_train.json",
            data_prefix=dict(img="images/training", seg="ade20k_panoptic_train"),
            metainfo=_metainfo,
            pipeline=[
                dict(type=LoadImage),
                dict(type=LoadPanoptic, num_classes=_num_classes),
                dict(type=JointRandomFlip, prob=0.5),
                dict(type=PackPanoptic),
            ],
        ),
        batch_size=4,
        num_workers=1,
    ),
    val=dict(
        dataset=dict(
            type=ADE20KPanoptic,
            data_root=_data_root,
            ann_file="ade20k_panoptic_val.json",
            data_prefix=dict(img="images/validation", seg="ade20k_panoptic_val"),
            metainfo=_metainfo,
            test_mode=True,
            pipeline=[
                dict(type=LoadImage),
                dict(type=LoadPanoptic, num_classes=_num_classes),
                dict(type=PackPanopticMap),
            ],
        ),
        batch_size=8,
        num_workers=1,
    ),
    metrics=dict(type=PanopticQuality, num_things_classes=6, num_stuff_classes=4),
    loss_weight=1.0,
    primary="PQ",
    report=["PQ", "PQ_th", "PQ_st"],
)
