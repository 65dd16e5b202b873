"""Mask R-CNN at full size: mmdet's own detector on the four maps of an Argus backbone.

Source: the heads of mmdet's Mask R-CNN R50-FPN, as ViT-Adapter uses them on a DINOv2 ViT-B. There
is no norm in them, so no image of a batch depends on another.
"""

from mmcv.ops import RoIAlign
from mmdet.models.data_preprocessors import DetDataPreprocessor
from mmdet.models.dense_heads import RPNHead
from mmdet.models.detectors import MaskRCNN
from mmdet.models.losses import CrossEntropyLoss, L1Loss
from mmdet.models.necks import FPN
from mmdet.models.roi_heads import (
    FCNMaskHead,
    Shared2FCBBoxHead,
    SingleRoIExtractor,
    StandardRoIHead,
)
from mmdet.models.task_modules import (
    AnchorGenerator,
    DeltaXYWHBBoxCoder,
    MaxIoUAssigner,
    RandomSampler,
)
from mmengine.config import read_base

from argus.models.backbones.shared import SharedBackbone

with read_base():
    from ..normalisation import dinov2 as _dinov2

_width = 256  # not stated in paper; mmdet's Mask R-CNN

mask_rcnn = dict(
    type=MaskRCNN,
    data_preprocessor=dict(
        type=DetDataPreprocessor,
        **_dinov2,
        bgr_to_rgb=True,
        pad_mask=True,
        pad_size_divisor=32,
        non_blocking=True,
    ),
    backbone=dict(type=SharedBackbone),
    neck=dict(  # not stated in paper; mmdet's Mask R-CNN, the fifth map is a max-pool
        type=FPN, in_channels=[768, 768, 768, 768], out_channels=_width, num_outs=5
    ),
    rpn_head=dict(
        type=RPNHead,
        in_channels=_width,
        feat_channels=_width,
        anchor_generator=dict(  # not stated in paper; mmdet's Mask R-CNN
            type=AnchorGenerator, scales=[8], ratios=[0.5, 1.0, 2.0], strides=[4, 8, 16, 32, 64]
        ),
        bbox_coder=dict(  # not stated in paper; mmdet's Mask R-CNN
            type=DeltaXYWHBBoxCoder,
            target_means=[0.0, 0.0, 0.0, 0.0],
            target_stds=[1.0, 1.0, 1.0, 1.0],
        ),
        # not stated in paper; mmdet's Mask R-CNN
        loss_cls=dict(type=CrossEntropyLoss, use_sigmoid=True, loss_weight=1.0),
        # not stated in paper; mmdet's Mask R-CNN
        loss_bbox=dict(type=L1Loss, loss_weight=1.0),
    ),
    roi_head=dict(
        type=StandardRoIHead,
        bbox_roi_extractor=dict(
            type=SingleRoIExtractor,
            # not stated in paper; mmdet's Mask R-CNN
            roi_layer=dict(type=RoIAlign, output_size=7, sampling_ratio=0),
            out_channels=_width,
            featmap_strides=[4, 8, 16, 32],  # not stated in paper; mmdet's Mask R-CNN
        ),
        bbox_head=dict(  # not stated in paper; mmdet's Mask R-CNN
            type=Shared2FCBBoxHead,
            in_channels=_width,
            fc_out_channels=1024,
            roi_feat_size=7,
            num_classes=80,
            bbox_coder=dict(  # not stated in paper; mmdet's Mask R-CNN
                type=DeltaXYWHBBoxCoder,
                target_means=[0.0, 0.0, 0.0, 0.0],
                target_stds=[0.1, 0.1, 0.2, 0.2],
            ),
            reg_class_agnostic=False,
            # not stated in paper; mmdet's Mask R-CNN
            loss_cls=dict(type=CrossEntropyLoss, use_sigmoid=False, loss_weight=1.0),
            # not stated in paper; mmdet's Mask R-CNN
            loss_bbox=dict(type=L1Loss, loss_weight=1.0),
        ),
        mask_roi_extractor=dict(
            type=SingleRoIExtractor,
            # not stated in paper; mmdet's Mask R-CNN
            roi_layer=dict(type=RoIAlign, output_size=14, sampling_ratio=0),
            out_channels=_width,
            featmap_strides=[4, 8, 16, 32],  # not stated in paper; mmdet's Mask R-CNN
        ),
        mask_head=dict(
            type=FCNMaskHead,
            num_convs=4,  # not stated in paper; mmdet's Mask R-CNN
            in_channels=_width,
            conv_out_channels=_width,
            num_classes=80,
            # not stated in paper; mmdet's Mask R-CNN
            loss_mask=dict(type=CrossEntropyLoss, use_mask=True, loss_weight=1.0),
        ),
    ),
    train_cfg=dict(
        rpn=dict(  # not stated in paper; mmdet's Mask R-CNN
            assigner=dict(  # not stated in paper; mmdet's Mask R-CNN
                type=MaxIoUAssigner,
                pos_iou_thr=0.7,
                neg_iou_thr=0.3,
                min_pos_iou=0.3,
                match_low_quality=True,
                ignore_iof_thr=-1,
            ),
            sampler=dict(  # not stated in paper; mmdet's Mask R-CNN
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
        rpn_proposal=dict(  # not stated in paper; mmdet's Mask R-CNN
            nms_pre=2000,
            max_per_img=1000,
            nms=dict(type="nms", iou_threshold=0.7),  # not stated in paper; mmdet's Mask R-CNN
            min_bbox_size=0,
        ),
        rcnn=dict(  # not stated in paper; mmdet's Mask R-CNN
            assigner=dict(  # not stated in paper; mmdet's Mask R-CNN
                type=MaxIoUAssigner,
                pos_iou_thr=0.5,
                neg_iou_thr=0.5,
                min_pos_iou=0.5,
                match_low_quality=True,
                ignore_iof_thr=-1,
            ),
            sampler=dict(  # not stated in paper; mmdet's Mask R-CNN
                type=RandomSampler,
                num=512,
                pos_fraction=0.25,
                neg_pos_ub=-1,
                add_gt_as_proposals=True,
            ),
            mask_size=28,
            pos_weight=-1,
            debug=False,
        ),
    ),
    test_cfg=dict(
        rpn=dict(  # not stated in paper; mmdet's Mask R-CNN
            nms_pre=1000,
            max_per_img=1000,
            nms=dict(type="nms", iou_threshold=0.7),  # not stated in paper; mmdet's Mask R-CNN
            min_bbox_size=0,
        ),
        rcnn=dict(  # not stated in paper; mmdet's Mask R-CNN
            score_thr=0.05,
            nms=dict(type="nms", iou_threshold=0.5),  # not stated in paper; mmdet's Mask R-CNN
            max_per_img=100,
            mask_thr_binary=0.5,
        ),
    ),
)
