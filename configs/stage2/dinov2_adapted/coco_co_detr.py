"""Baseline: Co-DETR on COCO on frozen DINOv2, no adapter.

    tools/dist_train.sh configs/stage2/dinov2_adapted/coco_co_detr.py 8

The decoder on the frozen ViT without adapter (paper: Table 6, DINOv2). Expected: AP_b 56.6,
AP_m 47.8.
"""

from mmengine.config import read_base

with read_base():
    from ..._base_.backbones.dinov2_base import backbone as _dinov2
    from ..coco_co_detr import *

backbone = _dinov2
tasks["co_detr"]["paper"] = dict(bbox_mAP=0.566, segm_mAP=0.478)
