"""Baseline: saliency on PASCAL-Context on frozen DINOv2, no adapter.

    tools/dist_train.sh configs/stage2/dinov2_adapted/pascal_saliency.py 8

The decoder on the frozen ViT without adapter (paper: Table 2, "DINOv2 adapted"). Expected:
maxF 97.1.
"""

from mmengine.config import read_base

with read_base():
    from ..._base_.backbones.dinov2_base import backbone as _dinov2
    from ..pascal_saliency import *

backbone = _dinov2
tasks["saliency"]["paper"] = dict(maxF=0.971)
