"""Baseline: the decoders on frozen DINOv2 without adapter (paper: Tables 1 and 2).

    tools/dist_train.sh configs/stage1/dinov2_adapted.py 8

Only decoders are trained, as in the rows "DINOv2 adapted". The schedule is the main one, since the
paper does not state it. Expected: AP_b 55.1, AP_m 47.8, AP_k 57.2, AR 62.2, mIoU 52.5, top-1 84.6.
"""

from mmengine.config import read_base

with read_base():
    from .._base_.backbones.dinov2_base import backbone as _dinov2
    from ..stage1_5task import *

backbone = _dinov2
tasks["instance"]["paper"] = dict(bbox_mAP=0.551, segm_mAP=0.478)
tasks["keypoints"]["paper"] = dict(AP=0.572, AR=0.622)
tasks["semantic"]["paper"] = dict(mIoU=0.525)
tasks["classification"]["paper"] = dict(top1=0.846)
