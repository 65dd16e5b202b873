"""Stage 2 on generated scenes: boxes and masks with Co-DETR on the frozen backbone.

tools/dist_train.sh configs/scenes/stage2/co_detr.py 2
"""

from mmengine.config import read_base

with read_base():
    from ..._base_.default_runtime import *
    from .._base_.argus_tiny_frozen import *
    from .._base_.stage2_schedule import *
    from .._base_.tasks.co_detr import scenes_co_detr

tasks = dict(co_detr=scenes_co_detr)
