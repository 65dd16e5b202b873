"""Stage 2 on small real sets: blood cells, mmdet's Faster R-CNN, frozen backbone.

    python tools/train.py configs/small/stage1_4task.py
    python tools/train.py configs/small/stage2/bccd_faster_rcnn.py

A detector of another kind than in stage 1, on the same cells; nothing of it is ours.
"""

from mmengine.config import read_base

with read_base():
    from ..._base_.default_runtime import *
    from .._base_.argus_small_frozen import *
    from .._base_.stage2_schedule import *
    from .._base_.tasks.bccd_faster_rcnn import bccd_faster_rcnn

tasks = dict(faster_rcnn=bccd_faster_rcnn)
