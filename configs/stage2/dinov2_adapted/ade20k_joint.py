"""Baseline: panoptic and instance segmentation on ADE20K on frozen DINOv2, no adapter.

    tools/dist_train.sh configs/stage2/dinov2_adapted/ade20k_joint.py 8

The decoders on the frozen ViT without adapter (paper: Table 1, "DINOv2 adapted").
Expected: PQ 43.4, AP_m 31.4.
"""

from mmengine.config import read_base

with read_base():
    from ..._base_.backbones.dinov2_base import backbone as _dinov2
    from ..ade20k_joint import *

backbone = _dinov2
tasks["panoptic"]["paper"] = dict(PQ=0.434)
tasks["ade20k_instance"]["paper"] = dict(segm_mAP=0.314)
