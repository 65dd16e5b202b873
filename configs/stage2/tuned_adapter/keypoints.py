"""Keypoints on COCO, the adapter trained on (paper: Table 9).

    tools/dist_train.sh configs/stage2/tuned_adapter/keypoints.py 8

Expected: AP_k 77.4. The decoder starts as stage 1 left it. The schedule is that of the
200k ablations; the paper does not state it.
"""

from mmengine.config import read_base

with read_base():
    from ..._base_.backbones.argus_base_tuned import backbone as _tuned
    from ...stage1.no_ema_200k import *

backbone = _tuned
# not stated in paper; guess: the adapter is trained already
optim_wrapper["paramwise_cfg"] = dict(lr_mult={"backbone.": 0.1})
tasks = dict(keypoints=tasks["keypoints"])
tasks["keypoints"]["paper"] = dict(AP=0.774)
tasks["keypoints"]["table"] = "Paper, Table 9"
load_from = "work_dirs/stage1_5task/iter_300000.pth"
