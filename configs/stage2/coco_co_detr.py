"""Decoder flexibility: Co-DETR on COCO on the frozen Argus-Base (paper: Table 6).

    tools/dist_train.sh configs/stage2/coco_co_detr.py 8

36 epochs of COCO; the paper does not state the cost. Expected: AP_b 60.5, AP_m 52.0, as we read a
damaged heading.
"""

from mmengine.config import read_base

with read_base():
    from .._base_.backbones.argus_base_frozen import *
    from .._base_.default_runtime import *
    from .._base_.schedules.stage2_3x import *
    from .._base_.tasks.coco_co_detr import coco_co_detr

tasks = dict(co_detr=coco_co_detr)
