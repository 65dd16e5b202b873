"""Stage 2 on small real sets: boundaries and saliency of BSDS500, frozen backbone.

    python tools/train.py configs/small/stage1_4task.py
    python tools/train.py configs/small/stage2/bsds_joint.py

One pass of the backbone serves both decoders.
"""

from mmengine.config import read_base

with read_base():
    from ..._base_.default_runtime import *
    from .._base_.argus_small_frozen import *
    from .._base_.stage2_schedule import *
    from .._base_.tasks.bsds_joint import bsds_joint

tasks = bsds_joint
