"""Leave-one-out: stage 1 without ImageNet classification (paper: Table 5).

    tools/dist_train.sh configs/stage1/without_classification.py 8

Expected: AP_b 57.8, AP_m 50.9, AP_k 75.6, mIoU 55.6.
The task left out, trained afterwards on the frozen backbone: top-1 83.3.
"""

from mmengine.config import read_base

with read_base():
    from .no_ema_200k import *

tasks.pop("classification")
tasks["instance"]["paper"] = dict(bbox_mAP=0.578, segm_mAP=0.509)
tasks["keypoints"]["paper"] = dict(AP=0.756)
tasks["semantic"]["paper"] = dict(mIoU=0.556)
for _task in tasks.values():
    _task["table"] = "Paper, Table 5"
