"""Baseline: human parsing and saliency on PASCAL-Context on frozen DINOv2, no adapter.

    tools/dist_train.sh configs/stage2/dinov2_adapted/pascal_joint.py 8

The decoders on the frozen ViT without adapter (paper: Table 2, "DINOv2 adapted").
Expected: mIoU 76.7, maxF 97.1.
"""

from mmengine.config import read_base

with read_base():
    from ..._base_.backbones.dinov2_base import backbone as _dinov2
    from ..pascal_joint import *

backbone = _dinov2
tasks["parsing"]["paper"] = dict(mIoU=0.767)
tasks["saliency"]["paper"] = dict(maxF=0.971)
