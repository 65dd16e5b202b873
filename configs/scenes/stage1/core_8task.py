"""Stage 1 on generated scenes with eight core tasks: the five, and depth, boundaries and normals.

tools/dist_train.sh configs/scenes/stage1/core_8task.py 2
tools/analysis/curves.py work_dirs/scenes/stage1/core_8task --out core_8task.png
"""

from mmengine.config import read_base

with read_base():
    from .._base_.tasks.boundary import boundary
    from .._base_.tasks.depth import depth
    from .._base_.tasks.normals import normals
    from ..stage1_5task import *

tasks.update(depth=depth, boundary=boundary, normals=normals)
