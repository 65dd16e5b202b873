"""Baseline: Mask R-CNN on COCO on frozen DINOv2, no adapter.

    tools/dist_train.sh configs/stage2/dinov2_adapted/coco_mask_rcnn.py 8

The decoder on the frozen ViT without adapter (paper: Table 6, DINOv2). Expected: AP_b 19.2,
AP_m 13.3.
"""

from mmengine.config import read_base

with read_base():
    from ..._base_.backbones.dinov2_base import backbone as _dinov2
    from ..coco_mask_rcnn import *

backbone = _dinov2
tasks["mask_rcnn"]["paper"] = dict(bbox_mAP=0.192, segm_mAP=0.133)
