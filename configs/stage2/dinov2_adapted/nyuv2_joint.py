"""Baseline: four tasks on NYUv2 on frozen DINOv2, no adapter.

    tools/dist_train.sh configs/stage2/dinov2_adapted/nyuv2_joint.py 8

The decoder on the frozen ViT without adapter, as in the rows "DINOv2 adapted" of the paper. The
numbers of these rows are not known.
"""

from mmengine.config import read_base

with read_base():
    from ..._base_.backbones.dinov2_base import backbone as _dinov2
    from ..nyuv2_joint import *

backbone = _dinov2
for _task in tasks.values():
    _task["paper"] = dict()
