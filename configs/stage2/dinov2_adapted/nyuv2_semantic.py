"""Baseline: semantic segmentation on NYUv2 on frozen DINOv2, no adapter.

    tools/dist_train.sh configs/stage2/dinov2_adapted/nyuv2_semantic.py 8

The decoder on the frozen ViT without adapter (paper: Table 1, "DINOv2 adapted"). Expected:
mIoU 61.4.
"""

from mmengine.config import read_base

with read_base():
    from ..._base_.backbones.dinov2_base import backbone as _dinov2
    from ..nyuv2_semantic import *

backbone = _dinov2
tasks["nyuv2_semantic"]["paper"] = dict(mIoU=0.614)
