"""Baseline: depth on NYUv2 on frozen DINOv2, no adapter.

    tools/dist_train.sh configs/stage2/dinov2_adapted/nyuv2_depth.py 8

The decoder on the frozen ViT without adapter (paper: Table 2, "DINOv2 adapted"). Expected:
RMSE 0.307 m.
"""

from mmengine.config import read_base

with read_base():
    from ..._base_.backbones.dinov2_base import backbone as _dinov2
    from ..nyuv2_depth import *

backbone = _dinov2
tasks["depth"]["paper"] = dict(rmse=0.307)
