"""Ablation: BatchNorm in the adapter in place of GroupNorm (paper: Table 3, row 2).

    tools/dist_train.sh configs/stage1/batch_norm.py 8

Expected: AP_b 56.7, AP_m 50.2, AP_k 74.3, mIoU 55.0, top-1 84.7. SyncBN needs GPUs; on a CPU set
``backbone.norm=BN``.
"""

from mmengine.config import read_base

with read_base():
    from .no_ema_200k import *

backbone.update(norm="SyncBN")  # over which processes is not stated in paper; ViT-Adapter
tasks["instance"]["paper"] = dict(bbox_mAP=0.567, segm_mAP=0.502)
tasks["keypoints"]["paper"] = dict(AP=0.743)
tasks["semantic"]["paper"] = dict(mIoU=0.550)
tasks["classification"]["paper"] = dict(top1=0.847)
