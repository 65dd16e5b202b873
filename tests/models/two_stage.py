"""Mmdet's detectors of two stages at toy width."""

import copy
from typing import Any

from tests.models.strangers import WIDTH
from tests.toy import NUM_CLASSES, PREPROCESS


def mask_rcnn(*, sampling_ratio: int = 2) -> dict[str, Any]:
    """Mmdet's Mask R-CNN with FPN at toy width."""
    roi = dict(type="RoIAlign", sampling_ratio=sampling_ratio)
    assigner = dict(type="MaxIoUAssigner", pos_iou_thr=0.5, neg_iou_thr=0.4, min_pos_iou=0.3)
    sampler = dict(type="RandomSampler", num=16, pos_fraction=0.5, add_gt_as_proposals=True)
    nms = dict(type="nms", iou_threshold=0.5)
    return dict(
        type="mmdet.MaskRCNN",
        data_preprocessor=dict(
            type="DetDataPreprocessor", **PREPROCESS, pad_mask=True, pad_size_divisor=32
        ),
        backbone=dict(type="SharedBackbone"),
        neck=dict(type="FPN", in_channels=[WIDTH] * 4, out_channels=16, num_outs=5),
        rpn_head=dict(
            type="RPNHead",
            in_channels=16,
            feat_channels=16,
            anchor_generator=dict(
                type="AnchorGenerator", scales=[4], ratios=[0.5, 2.0], strides=[4, 8, 16, 32, 64]
            ),
            bbox_coder=dict(type="DeltaXYWHBBoxCoder"),
        ),
        roi_head=dict(
            type="StandardRoIHead",
            bbox_roi_extractor=dict(
                type="SingleRoIExtractor",
                roi_layer=roi | dict(output_size=7),
                out_channels=16,
                featmap_strides=[4, 8, 16, 32],
            ),
            bbox_head=dict(
                type="Shared2FCBBoxHead",
                in_channels=16,
                fc_out_channels=32,
                roi_feat_size=7,
                num_classes=NUM_CLASSES,
                bbox_coder=dict(type="DeltaXYWHBBoxCoder"),
            ),
            mask_roi_extractor=dict(
                type="SingleRoIExtractor",
                roi_layer=roi | dict(output_size=14),
                out_channels=16,
                featmap_strides=[4, 8, 16, 32],
            ),
            mask_head=dict(
                type="FCNMaskHead",
                num_convs=1,
                in_channels=16,
                conv_out_channels=16,
                num_classes=NUM_CLASSES,
            ),
        ),
        train_cfg=dict(
            rpn=dict(assigner=assigner, sampler=sampler, allowed_border=-1, pos_weight=-1),
            rpn_proposal=dict(nms_pre=50, max_per_img=20, nms=nms, min_bbox_size=0),
            rcnn=dict(assigner=assigner, sampler=sampler, mask_size=28, pos_weight=-1),
        ),
        test_cfg=dict(
            rpn=dict(nms_pre=50, max_per_img=20, nms=nms, min_bbox_size=0),
            rcnn=dict(score_thr=0.0, nms=nms, max_per_img=5, mask_thr_binary=0.5),
        ),
    )


def faster_rcnn(*, sampling_ratio: int = 2) -> dict[str, Any]:
    """Mask R-CNN without masks, and with the same box for all classes."""
    config = copy.deepcopy(mask_rcnn(sampling_ratio=sampling_ratio))
    config["type"] = "mmdet.FasterRCNN"
    for key in ("mask_roi_extractor", "mask_head"):
        del config["roi_head"][key]
    config["roi_head"]["bbox_head"]["reg_class_agnostic"] = True
    return config
