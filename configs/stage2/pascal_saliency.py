"""Saliency on PASCAL-Context with DPT on the frozen Argus-Base (paper: Table 2).

    tools/dist_train.sh configs/stage2/pascal_saliency.py 8

Cost in the paper: less than 12 hours on 8 H100 for the seven tasks of stage 2 together. Expected:
maxF 97.2.
"""

from mmengine.config import read_base

with read_base():
    from .._base_.backbones.argus_base_frozen import *
    from .._base_.default_runtime import *
    from .._base_.schedules.stage2_40k import *
    from .._base_.tasks.pascal_saliency import pascal_saliency

tasks = dict(saliency=pascal_saliency)
