"""Co-DETR at full size, with masks: :file:`co_detr.py` and a mask head on the boxes it predicts.

Source: Sense-X/Co-DETR. The regions are those of Co-DINO-Inst
(co_dino_5scale_vit_large_coco_instance): boxes of the last decoder layer, of which those on objects
train, with the loss weights of the auxiliary heads. The head is that of Co-Deformable-DETR-Mask
(co_deformable_detr_mask_r50_1x_coco), Mask R-CNN's; Co-DINO-Inst has RefineMask. Which the paper
used for its AP_m is not known.
"""

from mmcv.ops import RoIAlign
from mmdet.models.losses import CrossEntropyLoss
from mmdet.models.roi_heads import FCNMaskHead, SingleRoIExtractor
from mmdet.models.task_modules import MaxIoUAssigner, RandomSampler
from mmengine.config import read_base

from argus.models.decoders.co_detr import CoDETRInstance, QueryMaskBranch

with read_base():
    from .co_detr import co_detr as co_detr_mask

_width = 256  # not stated in paper; Co-DETR

co_detr_mask.update(
    type=CoDETRInstance,
    mask_branch=dict(
        type=QueryMaskBranch,
        mask_roi_extractor=dict(
            type=SingleRoIExtractor,
            # not stated in paper; Co-DETR
            roi_layer=dict(type=RoIAlign, output_size=14, sampling_ratio=0),
            out_channels=_width,
            featmap_strides=[4, 8, 16, 32, 64],  # not stated in paper; Co-DETR
            finest_scale=56,  # not stated in paper; Co-DETR
        ),
        mask_head=dict(
            type=FCNMaskHead,
            num_convs=4,  # not stated in paper; Co-DETR
            in_channels=_width,
            conv_out_channels=_width,
            num_classes=80,
            # not stated in paper; Co-DETR
            loss_mask=dict(type=CrossEntropyLoss, use_mask=True, loss_weight=1.0),
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
            mask_size=28,
        ),
        test_cfg=dict(mask_thr_binary=0.5),  # not stated in paper; Co-DETR
    ),
)
co_detr_mask["data_preprocessor"].update(pad_mask=True)
