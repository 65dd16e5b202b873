"""Left out of stage 1 (paper: Table 5): semantic segmentation on ADE20K.

    tools/dist_train.sh configs/stage1/without_semantic.py 8
    tools/dist_train.sh configs/stage2/left_out/semantic.py 8

Trained on the frozen backbone of a stage 1 without it. Expected: mIoU 54.2.
The schedule is that of stage 1; the paper does not state it.
"""

from mmengine.config import read_base

with read_base():
    from ..._base_.backbones.argus_base_frozen import backbone as _frozen
    from ...stage1.no_ema_200k import *

backbone = _frozen
backbone["checkpoint"] = "work_dirs/stage1/without_semantic/iter_200000.pth"
tasks = dict(semantic=tasks["semantic"])
tasks["semantic"]["paper"] = dict(mIoU=0.542)
tasks["semantic"]["table"] = "Paper, Table 5"
