"""Baseline: Co-DETR on COCO on frozen DINOv2, no adapter.

    tools/dist_train.sh configs/stage2/dinov2_adapted/coco_co_detr.py 8

The decoder on the frozen ViT without adapter, as in the rows DINOv2 of Table 6 of the paper. The
number of this row is not known.
"""

from mmengine.config import read_base

with read_base():
    from ..._base_.backbones.dinov2_base import backbone as _dinov2
    from ..coco_co_detr import *

backbone = _dinov2
tasks["co_detr"]["paper"] = dict()
