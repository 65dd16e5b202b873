"""Ablation: no norm scaling around the interactions (paper: Table 3, row 3).

    tools/dist_train.sh configs/stage1/no_scaling.py 8

Expected: AP_b 57.8, AP_m 51.1, AP_k 74.7, mIoU 55.5, top-1 85.2.
"""

from mmengine.config import read_base

with read_base():
    from .no_ema_200k import *

backbone.update(scale_tokens=False)
tasks["instance"]["paper"] = dict(bbox_mAP=0.578, segm_mAP=0.511)
tasks["keypoints"]["paper"] = dict(AP=0.747)
tasks["semantic"]["paper"] = dict(mIoU=0.555)
tasks["classification"]["paper"] = dict(top1=0.852)
