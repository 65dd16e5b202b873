"""Ablation: 200,000 steps with EMA (paper: Table 3, row 5).

    tools/dist_train.sh configs/stage1/ema_200k.py 8

Expected: AP_b 57.9, AP_m 51.3, AP_k 75.6, mIoU 56.9, top-1 85.0.
"""

from mmengine.config import read_base

with read_base():
    from .no_ema_200k import *

custom_hooks = [ema]
tasks["instance"]["paper"] = dict(bbox_mAP=0.579, segm_mAP=0.513)
tasks["keypoints"]["paper"] = dict(AP=0.756)
tasks["semantic"]["paper"] = dict(mIoU=0.569)
tasks["classification"]["paper"] = dict(top1=0.850)
