"""Stage 1 on generated scenes with eleven core tasks: all but anomaly detection.

tools/dist_train.sh configs/scenes/stage1/core_11task.py 2
tools/analysis/curves.py work_dirs/scenes/stage1/core_11task --out core_11task.png
"""

from mmengine.config import read_base

with read_base():
    from .._base_.tasks.panoptic import panoptic
    from .._base_.tasks.parsing import parsing
    from .._base_.tasks.saliency import saliency
    from .core_8task import *

tasks.update(panoptic=panoptic, parsing=parsing, saliency=saliency)
