"""Left out of stage 1 (paper: Table 5): person keypoints on COCO.

    tools/dist_train.sh configs/stage1/without_keypoints.py 8
    tools/dist_train.sh configs/stage2/left_out/keypoints.py 8

Trained on the frozen backbone of a stage 1 without it. The row is damaged in our copy of the paper:
its AP_k cannot be read.
The schedule is that of stage 1; the paper does not state it.
"""

from mmengine.config import read_base

with read_base():
    from ..._base_.backbones.argus_base_frozen import backbone as _frozen
    from ...stage1.no_ema_200k import *

backbone = _frozen
backbone["checkpoint"] = "work_dirs/stage1/without_keypoints/iter_200000.pth"
tasks = dict(keypoints=tasks["keypoints"])
tasks["keypoints"]["paper"] = dict()
tasks["keypoints"]["table"] = "Paper, Table 5"
