"""Instance segmentation on ADE20K with Mask2Former on the frozen Argus-Base (paper: Table 1).

    tools/dist_train.sh configs/stage2/ade20k_instance.py 8

Cost in the paper: less than 12 hours on 8 H100 for the seven tasks of stage 2 together. Expected:
AP_m 37.5.
"""

from mmengine.config import read_base

with read_base():
    from .._base_.backbones.argus_base_frozen import *
    from .._base_.default_runtime import *
    from .._base_.schedules.stage2_160k import *
    from .._base_.tasks.ade20k_instance import ade20k_instance

tasks = dict(ade20k_instance=ade20k_instance)
