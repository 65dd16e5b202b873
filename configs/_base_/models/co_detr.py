"""Co-DETR at full size: Co-DINO of five scales on the four maps of an Argus backbone.

Source: Sense-X/Co-DETR, co_dino_5scale_r50 on COCO, with an ATSS and a Faster R-CNN head beside the
decoder in training. Boxes alone. The norms are GroupNorm and LayerNorm, so no image of a batch
depends on another in testing.
"""

from mmcv.ops import RoIAlign
from mmdet.models.data_preprocessors import DetDataPreprocessor
from mmdet.models.dense_heads import RPNHead
from mmdet.models.losses import CrossEntropyLoss, FocalLoss, GIoULoss, L1Loss, QualityFocalLoss
from mmdet.models.necks import ChannelMapper
from mmdet.models.roi_heads import Shared2FCBBoxHead, SingleRoIExtractor
from mmdet.models.task_modules import (
    AnchorGenerator,
    ATSSAssigner,
    BBoxL1Cost,
    DeltaXYWHBBoxCoder,
    FocalLossCost,
    HungarianAssigner,
    IoUCost,
    MaxIoUAssigner,
    RandomSampler,
)
from mmengine.config import read_base

from argus.models.backbones.shared import SharedBackbone
from argus.models.decoders.co_detr import (
    CoDETR,
    CoDINOHead,
    CollaborativeATSSHead,
    CollaborativeFasterRCNN,
    CollaborativeRoIHead,
)

with read_base():
    from ..normalisation import dinov2 as _dinov2

_width = 256  # not stated in paper; Co-DETR
_num_scales = 5  # not stated in paper; Co-DETR
_num_layers = 6  # not stated in paper; Co-DETR

co_detr = dict(
    type=CoDETR,
    data_preprocessor=dict(
        type=DetDataPreprocessor,
        **_dinov2,
        bgr_to_rgb=True,
        pad_size_divisor=32,
        non_blocking=True,
    ),
    backbone=dict(type=SharedBackbone),
    neck=dict(
        type=ChannelMapper,
        in_channels=[768, 768, 768, 768],
        kernel_size=1,  # not stated in paper; Co-DETR
        out_channels=_width,
        act_cfg=None,  # not stated in paper; Co-DETR
        norm_cfg=dict(type="GN", num_groups=32),  # not stated in paper; Co-DETR
        num_outs=_num_scales,
    ),
    # not stated in paper; DINO: two stages, boxes refined by every layer
    as_two_stage=True,
    # not stated in paper; DINO: two stages, boxes refined by every layer
    with_box_refine=True,
    num_feature_levels=_num_scales,
    num_queries=900,  # not stated in paper; Co-DETR
    encoder=dict(
        num_layers=_num_layers,
        layer_cfg=dict(
            self_attn_cfg=dict(  # not stated in paper; Co-DETR
                embed_dims=_width, num_heads=8, num_levels=_num_scales, num_points=4, dropout=0.0
            ),
            # not stated in paper; Co-DETR
            ffn_cfg=dict(embed_dims=_width, feedforward_channels=2048, ffn_drop=0.0),
        ),
    ),
    decoder=dict(  # not stated in paper; Co-DETR
        num_layers=_num_layers,
        return_intermediate=True,
        layer_cfg=dict(
            # not stated in paper; Co-DETR
            self_attn_cfg=dict(embed_dims=_width, num_heads=8, attn_drop=0.0, proj_drop=0.0),
            cross_attn_cfg=dict(  # not stated in paper; Co-DETR
                embed_dims=_width, num_heads=8, num_levels=_num_scales, num_points=4, dropout=0.0
            ),
            # not stated in paper; Co-DETR
            ffn_cfg=dict(embed_dims=_width, feedforward_channels=2048, ffn_drop=0.0),
        ),
        post_norm_cfg=None,
    ),
    # not stated in paper; Co-DETR
    positional_encoding=dict(num_feats=128, normalize=True, temperature=20),
    bbox_head=dict(
        type=CoDINOHead,
        num_classes=80,
        embed_dims=_width,
        sync_cls_avg_factor=True,  # not stated in paper; Co-DETR
        # not stated in paper; Co-DETR
        loss_cls=dict(type=QualityFocalLoss, use_sigmoid=True, beta=2.0, loss_weight=1.0),
        loss_bbox=dict(type=L1Loss, loss_weight=5.0),  # not stated in paper; Co-DETR
        loss_iou=dict(type=GIoULoss, loss_weight=2.0),  # not stated in paper; Co-DETR
    ),
    dn_cfg=dict(  # not stated in paper; Co-DETR
        label_noise_scale=0.5,
        box_noise_scale=1.0,
        # not stated in paper; Co-DETR
        group_cfg=dict(dynamic=True, num_groups=None, num_dn_queries=100),
    ),
    encoder_weight=2.0,  # not stated in paper; Co-DETR, lambda_2
    query_weight=1.0,  # not stated in paper; Co-DETR, lambda_1
    max_positives=300,  # not stated in paper; Co-DETR
    norm_groups=32,  # not stated in paper; Co-DETR
    auxiliary_heads=dict(
        rcnn=dict(
            type=CollaborativeFasterRCNN,
            rpn_head=dict(
                type=RPNHead,
                in_channels=_width,
                feat_channels=_width,
                anchor_generator=dict(  # not stated in paper; Co-DETR
                    type=AnchorGenerator,
                    octave_base_scale=4,
                    scales_per_octave=3,
                    ratios=[0.5, 1.0, 2.0],
                    strides=[4, 8, 16, 32, 64, 128],
                ),
                bbox_coder=dict(  # not stated in paper; Co-DETR
                    type=DeltaXYWHBBoxCoder,
                    target_means=[0.0, 0.0, 0.0, 0.0],
                    target_stds=[1.0, 1.0, 1.0, 1.0],
                ),
                # not stated in paper; Co-DETR
                loss_cls=dict(type=CrossEntropyLoss, use_sigmoid=True, loss_weight=1.0),
                loss_bbox=dict(type=L1Loss, loss_weight=1.0),  # not stated in paper; Co-DETR
                train_cfg=dict(  # not stated in paper; Co-DETR
                    assigner=dict(  # not stated in paper; Co-DETR
                        type=MaxIoUAssigner,
                        pos_iou_thr=0.7,
                        neg_iou_thr=0.3,
                        min_pos_iou=0.3,
                        match_low_quality=True,
                        ignore_iof_thr=-1,
                    ),
                    sampler=dict(  # not stated in paper; Co-DETR
                        type=RandomSampler,
                        num=256,
                        pos_fraction=0.5,
                        neg_pos_ub=-1,
                        add_gt_as_proposals=False,
                    ),
                    allowed_border=-1,
                    pos_weight=-1,
                    debug=False,
                ),
                # The proposals for the second stage in training; there is no other use.
                test_cfg=dict(  # not stated in paper; Co-DETR
                    nms_pre=4000,
                    max_per_img=1000,
                    nms=dict(type="nms", iou_threshold=0.7),  # not stated in paper; Co-DETR
                    min_bbox_size=0,
                ),
            ),
            roi_head=dict(
                type=CollaborativeRoIHead,
                bbox_roi_extractor=dict(  # not stated in paper; Co-DETR
                    type=SingleRoIExtractor,
                    # not stated in paper; Co-DETR
                    roi_layer=dict(type=RoIAlign, output_size=7, sampling_ratio=0),
                    out_channels=_width,
                    featmap_strides=[4, 8, 16, 32, 64],
                    finest_scale=56,
                ),
                bbox_head=dict(  # not stated in paper; Co-DETR
                    type=Shared2FCBBoxHead,
                    in_channels=_width,
                    fc_out_channels=1024,
                    roi_feat_size=7,
                    num_classes=80,
                    bbox_coder=dict(  # not stated in paper; Co-DETR
                        type=DeltaXYWHBBoxCoder,
                        target_means=[0.0, 0.0, 0.0, 0.0],
                        target_stds=[0.1, 0.1, 0.2, 0.2],
                    ),
                    reg_class_agnostic=False,
                    reg_decoded_bbox=True,
                    # not stated in paper; Co-DETR
                    loss_cls=dict(type=CrossEntropyLoss, use_sigmoid=False, loss_weight=1.0),
                    # not stated in paper; Co-DETR
                    loss_bbox=dict(type=GIoULoss, loss_weight=10.0),
                ),
                train_cfg=dict(  # not stated in paper; Co-DETR
                    assigner=dict(  # not stated in paper; Co-DETR
                        type=MaxIoUAssigner,
                        pos_iou_thr=0.5,
                        neg_iou_thr=0.5,
                        min_pos_iou=0.5,
                        match_low_quality=False,
                        ignore_iof_thr=-1,
                    ),
                    sampler=dict(  # not stated in paper; Co-DETR
                        type=RandomSampler,
                        num=512,
                        pos_fraction=0.25,
                        neg_pos_ub=-1,
                        add_gt_as_proposals=True,
                    ),
                    pos_weight=-1,
                    debug=False,
                ),
            ),
        ),
        atss=dict(
            type=CollaborativeATSSHead,
            num_classes=80,
            in_channels=_width,
            feat_channels=_width,
            stacked_convs=1,  # not stated in paper; Co-DETR
            norm_cfg=dict(type="GN", num_groups=32),  # not stated in paper; mmdet's ATSS
            anchor_generator=dict(  # not stated in paper; Co-DETR
                type=AnchorGenerator,
                ratios=[1.0],
                octave_base_scale=8,
                scales_per_octave=1,
                strides=[4, 8, 16, 32, 64, 128],
            ),
            bbox_coder=dict(  # not stated in paper; Co-DETR
                type=DeltaXYWHBBoxCoder,
                target_means=[0.0, 0.0, 0.0, 0.0],
                target_stds=[0.1, 0.1, 0.2, 0.2],
            ),
            # not stated in paper; Co-DETR
            loss_cls=dict(type=FocalLoss, use_sigmoid=True, gamma=2.0, alpha=0.25, loss_weight=1.0),
            loss_bbox=dict(type=GIoULoss, loss_weight=2.0),  # not stated in paper; Co-DETR
            # not stated in paper; Co-DETR
            loss_centerness=dict(type=CrossEntropyLoss, use_sigmoid=True, loss_weight=1.0),
            train_cfg=dict(  # not stated in paper; Co-DETR
                # not stated in paper; Co-DETR
                assigner=dict(type=ATSSAssigner, topk=9),
                allowed_border=-1,
                pos_weight=-1,
                debug=False,
            ),
        ),
    ),
    train_cfg=dict(
        assigner=dict(
            type=HungarianAssigner,
            match_costs=[
                dict(type=FocalLossCost, weight=2.0),  # not stated in paper; Co-DETR
                # not stated in paper; Co-DETR
                dict(type=BBoxL1Cost, weight=5.0, box_format="xywh"),
                # not stated in paper; Co-DETR
                dict(type=IoUCost, iou_mode="giou", weight=2.0),
            ],
        ),
    ),
    test_cfg=dict(
        max_per_img=300,  # not stated in paper; Co-DETR
        nms=dict(type="soft_nms", iou_threshold=0.8),  # not stated in paper; Co-DETR, +0.2 AP
    ),
)
