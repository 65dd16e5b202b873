"""Baseline: boundary detection on NYUv2 on frozen DINOv2, no adapter.

    tools/dist_train.sh configs/stage2/dinov2_adapted/nyuv2_boundary.py 8

The decoder on the frozen ViT without adapter (paper: Table 2, "DINOv2 adapted"). Expected:
odsF 71.5.
"""

from mmengine.config import read_base

with read_base():
    from ..._base_.backbones.dinov2_base import backbone as _dinov2
    from ..nyuv2_boundary import *

backbone = _dinov2
tasks["boundary"]["paper"] = dict(odsF=0.715)
