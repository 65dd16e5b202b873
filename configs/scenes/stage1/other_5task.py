"""Stage 1 on generated scenes with five other core tasks, none of the usual ones.

tools/dist_train.sh configs/scenes/stage1/other_5task.py 2
"""

from mmengine.config import read_base

with read_base():
    from .._base_.tasks.boundary import boundary
    from .._base_.tasks.depth import depth
    from .._base_.tasks.normals import normals
    from .._base_.tasks.parsing import parsing
    from .._base_.tasks.saliency import saliency
    from ..stage1_5task import *

tasks = dict(depth=depth, boundary=boundary, normals=normals, parsing=parsing, saliency=saliency)
