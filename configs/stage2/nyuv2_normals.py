"""Surface normals on NYUv2 with UperNet on the frozen Argus-Base (paper: Table 2).

    tools/dist_train.sh configs/stage2/nyuv2_normals.py 8

Cost in the paper: less than 12 hours on 8 H100 for the seven tasks of stage 2 together. Expected:
mean angular error 18.6 degrees.
"""

from mmengine.config import read_base

with read_base():
    from .._base_.backbones.argus_base_frozen import *
    from .._base_.default_runtime import *
    from .._base_.schedules.stage2_40k import *
    from .._base_.tasks.nyuv2_normals import nyuv2_normals

tasks = dict(normals=nyuv2_normals)
