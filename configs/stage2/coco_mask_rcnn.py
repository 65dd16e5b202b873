"""Decoder flexibility: Mask R-CNN on COCO on the frozen Argus-Base (paper: Table 6).

    tools/dist_train.sh configs/stage2/coco_mask_rcnn.py 8

36 epochs of COCO; the paper does not state the cost. Expected: AP_b 53.0, AP_m 47.3.
"""

from mmengine.config import read_base

with read_base():
    from .._base_.backbones.argus_base_frozen import *
    from .._base_.default_runtime import *
    from .._base_.schedules.stage2_3x import *
    from .._base_.tasks.coco_mask_rcnn import coco_mask_rcnn

tasks = dict(mask_rcnn=coco_mask_rcnn)
