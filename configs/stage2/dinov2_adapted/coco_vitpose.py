"""Comparison: ViTPose's classic decoder on COCO on frozen DINOv2, no adapter.

    tools/dist_train.sh configs/stage2/dinov2_adapted/coco_vitpose.py 8

The decoder on the frozen ViT without adapter; the paper has no number of it.
"""

from mmengine.config import read_base

with read_base():
    from ..._base_.backbones.dinov2_base import backbone as _dinov2
    from ..coco_vitpose import *

backbone = _dinov2
