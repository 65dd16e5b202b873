"""Baseline: four tasks on NYUv2 on frozen DINOv2, no adapter.

    tools/dist_train.sh configs/stage2/dinov2_adapted/nyuv2_joint.py 8

The decoders on the frozen ViT without adapter (paper: Tables 1 and 2, "DINOv2 adapted").
Expected: mIoU 61.4, odsF 71.5, mean angular error 19.3 degrees, RMSE 0.307 m.
"""

from mmengine.config import read_base

with read_base():
    from ..._base_.backbones.dinov2_base import backbone as _dinov2
    from ..nyuv2_joint import *

backbone = _dinov2
tasks["nyuv2_semantic"]["paper"] = dict(mIoU=0.614)
tasks["boundary"]["paper"] = dict(odsF=0.715)
tasks["normals"]["paper"] = dict(mErr=19.3)
tasks["depth"]["paper"] = dict(rmse=0.307)
