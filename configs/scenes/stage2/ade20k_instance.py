"""Stage 2 on generated scenes: instance segmentation with Mask2Former on the frozen backbone.

tools/dist_train.sh configs/scenes/stage2/ade20k_instance.py 2
"""

from mmengine.config import read_base

with read_base():
    from ..._base_.default_runtime import *
    from .._base_.argus_tiny_frozen import *
    from .._base_.stage2_schedule import *
    from .._base_.tasks.ade20k_instance import ade20k_instance

tasks = dict(ade20k_instance=ade20k_instance)
