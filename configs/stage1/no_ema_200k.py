"""Base of the ablations: 200,000 steps without EMA (paper: Table 3, row 4; Table 5, all tasks).

    tools/dist_train.sh configs/stage1/no_ema_200k.py 8

Expected: AP_b 57.7, AP_m 51.1, AP_k 75.2, mIoU 55.6, top-1 85.1.
"""

from mmengine.config import read_base

with read_base():
    from ..stage1_5task import *

_max_iters = 200_000

train_cfg.update(max_iters=_max_iters)
param_scheduler[1].update(end=_max_iters, T_max=_max_iters - param_scheduler[1]["begin"])
custom_hooks = []
tasks["instance"]["paper"] = dict(bbox_mAP=0.577, segm_mAP=0.511)
tasks["keypoints"]["paper"] = dict(AP=0.752)
tasks["semantic"]["paper"] = dict(mIoU=0.556)
tasks["classification"]["paper"] = dict(top1=0.851)
for _task in tasks.values():
    _task["table"] = "Paper, Table 3"
