"""Leave-one-out: stage 1 without ADE20K semantic segmentation (paper: Table 5).

    tools/dist_train.sh configs/stage1/without_semantic.py 8

Expected: AP_b 57.9, AP_m 51.1, AP_k 75.6, top-1 85.2.
The task left out, trained afterwards on the frozen backbone: mIoU 54.2.
"""

from mmengine.config import read_base

with read_base():
    from .no_ema_200k import *

tasks.pop("semantic")
tasks["instance"]["paper"] = dict(bbox_mAP=0.579, segm_mAP=0.511)
tasks["keypoints"]["paper"] = dict(AP=0.756)
tasks["classification"]["paper"] = dict(top1=0.852)
for _task in tasks.values():
    _task["table"] = "Paper, Table 5"
