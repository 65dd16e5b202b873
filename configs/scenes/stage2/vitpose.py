"""Stage 2 on generated scenes: person keypoints with ViTPose's decoder on the frozen backbone.

tools/dist_train.sh configs/scenes/stage2/vitpose.py 2
"""

from mmengine.config import read_base

with read_base():
    from ..._base_.default_runtime import *
    from .._base_.argus_tiny_frozen import *
    from .._base_.stage2_schedule import *
    from .._base_.tasks.vitpose import vitpose

tasks = dict(vitpose=vitpose)
