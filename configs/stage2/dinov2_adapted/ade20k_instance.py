"""Baseline: instance segmentation on ADE20K on frozen DINOv2, no adapter.

    tools/dist_train.sh configs/stage2/dinov2_adapted/ade20k_instance.py 8

The decoder on the frozen ViT without adapter (paper: Table 1, "DINOv2 adapted"). Expected:
AP_m 31.4.
"""

from mmengine.config import read_base

with read_base():
    from ..._base_.backbones.dinov2_base import backbone as _dinov2
    from ..ade20k_instance import *

backbone = _dinov2
tasks["ade20k_instance"]["paper"] = dict(segm_mAP=0.314)
