"""Left out of stage 1 (paper: Table 5): classification on ImageNet.

    tools/dist_train.sh configs/stage1/without_classification.py 8
    tools/dist_train.sh configs/stage2/left_out/classification.py 8

Trained on the frozen backbone of a stage 1 without it. Expected: top-1 83.3.
The schedule is that of stage 1; the paper does not state it.
"""

from mmengine.config import read_base

with read_base():
    from ..._base_.backbones.argus_base_frozen import backbone as _frozen
    from ...stage1.no_ema_200k import *

backbone = _frozen
backbone["checkpoint"] = "work_dirs/stage1/without_classification/iter_200000.pth"
tasks = dict(classification=tasks["classification"])
tasks["classification"]["paper"] = dict(top1=0.833)
tasks["classification"]["table"] = "Paper, Table 5"
