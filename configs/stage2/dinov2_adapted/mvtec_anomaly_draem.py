"""Baseline: anomaly detection on MVTec AD, DRAEM-style on frozen DINOv2, no adapter.

    tools/dist_train.sh configs/stage2/dinov2_adapted/mvtec_anomaly_draem.py 1

The decoder on the frozen ViT without adapter (paper: Table 2, "DINOv2 adapted"). Expected:
I-AUROC 98.3, should the paper's decoder be of this kind.
"""

from mmengine.config import read_base

with read_base():
    from ..._base_.backbones.dinov2_base import backbone as _dinov2
    from ..mvtec_anomaly_draem import *

backbone = _dinov2
tasks["anomaly"]["paper"] = dict(I_AUROC=0.983)
