"""Stage 2 on small real sets: parsing of clothes, frozen backbone.

    python tools/train.py configs/small/stage1_4task.py
    python tools/train.py configs/small/stage2/ccp_parsing.py

UperNet with an auxiliary head, 59 labels.
"""

from mmengine.config import read_base

with read_base():
    from ..._base_.default_runtime import *
    from .._base_.argus_small_frozen import *
    from .._base_.stage2_schedule import *
    from .._base_.tasks.ccp_parsing import ccp_parsing

tasks = dict(parsing=ccp_parsing)
