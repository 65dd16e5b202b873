"""Core tasks: eight, the five and depth, boundaries and normals of NYUv2 (paper: Table 13).

    tools/dist_train.sh configs/stage1/core_8task.py 8
    tools/analysis/curves.py work_dirs/stage1/core_8task --out core_8task.png

The paper says of its eight and eleven that what they add is overfitted late: the loss of training
falls, and so does the metric of validation; the second command draws both. Which tasks they are and
their numbers are not in our copy; these are ours.
"""

from mmengine.config import read_base

with read_base():
    from .._base_.tasks.nyuv2_boundary import nyuv2_boundary
    from .._base_.tasks.nyuv2_depth import nyuv2_depth
    from .._base_.tasks.nyuv2_normals import nyuv2_normals
    from .no_ema_200k import *

tasks.update(depth=nyuv2_depth, boundary=nyuv2_boundary, normals=nyuv2_normals)
for _task in tasks.values():
    _task["paper"] = dict()
    _task["table"] = "Paper, Table 13"
