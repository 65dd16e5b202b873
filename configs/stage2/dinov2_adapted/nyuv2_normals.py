"""Baseline: surface normals on NYUv2 on frozen DINOv2, no adapter.

    tools/dist_train.sh configs/stage2/dinov2_adapted/nyuv2_normals.py 8

The decoder on the frozen ViT without adapter (paper: Table 2, "DINOv2 adapted"). Expected:
mean angular error 19.3 degrees.
"""

from mmengine.config import read_base

with read_base():
    from ..._base_.backbones.dinov2_base import backbone as _dinov2
    from ..nyuv2_normals import *

backbone = _dinov2
tasks["normals"]["paper"] = dict(mErr=19.3)
