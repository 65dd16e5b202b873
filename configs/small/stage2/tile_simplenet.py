"""Stage 2 on small real sets: defects of tiles, SimpleNet's head, frozen backbone.

    python tools/train.py configs/small/stage1_4task.py
    python tools/train.py configs/small/stage2/tile_simplenet.py

Its maps are kept on the disk: every epoch shows the same pixels.
"""

from mmengine.config import read_base

with read_base():
    from ..._base_.default_runtime import *
    from .._base_.argus_small_frozen import *
    from .._base_.stage2_schedule import *
    from .._base_.tasks.tile_anomaly import tile_simplenet

tasks = dict(anomaly=tile_simplenet)
feature_cache = dict(path="work_dirs/small/features", max_gb=5.0)
