"""Semantic segmentation on NYUv2, 40 classes, UperNet on the frozen Argus-Base (paper: Table 1).

    tools/dist_train.sh configs/stage2/nyuv2_semantic.py 8

Cost in the paper: less than 12 hours on 8 H100 for the seven tasks of stage 2 together. Expected:
mIoU 64.7; whether of 40 or of 13 classes is not stated.
"""

from mmengine.config import read_base

with read_base():
    from .._base_.backbones.argus_base_frozen import *
    from .._base_.default_runtime import *
    from .._base_.schedules.stage2_40k import *
    from .._base_.tasks.nyuv2_semantic import nyuv2_semantic

tasks = dict(nyuv2_semantic=nyuv2_semantic)
