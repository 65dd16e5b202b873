"""Depth on NYUv2, Eigen split, with DPT on the frozen Argus-Base (paper: Table 2).

    tools/dist_train.sh configs/stage2/nyuv2_depth.py 8

Cost in the paper: less than 12 hours on 8 H100 for the seven tasks of stage 2 together. Expected:
RMSE 0.290 m.
"""

from mmengine.config import read_base

with read_base():
    from .._base_.backbones.argus_base_frozen import *
    from .._base_.default_runtime import *
    from .._base_.schedules.stage2_depth import *
    from .._base_.tasks.nyuv2_depth import nyuv2_depth

tasks = dict(depth=nyuv2_depth)
