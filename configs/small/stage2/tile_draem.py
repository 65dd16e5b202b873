"""Stage 2 on small real sets: defects of tiles, DRAEM's head, frozen backbone.

    python tools/train.py configs/small/stage1_4task.py
    python tools/train.py configs/small/stage2/tile_draem.py

Defects are painted on flawless tiles, anew in each epoch.
"""

from mmengine.config import read_base

with read_base():
    from ..._base_.default_runtime import *
    from .._base_.argus_small_frozen import *
    from .._base_.stage2_schedule import *
    from .._base_.tasks.tile_anomaly import tile_draem

tasks = dict(anomaly=tile_draem)
