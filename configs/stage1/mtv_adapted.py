"""Baseline: the decoders on frozen MTV ViT-B/16 without adapter, as ``dinov2_adapted`` is.

    tools/dist_train.sh configs/stage1/mtv_adapted.py 8

No numbers are published; those of DINOv2 are in ``dinov2_adapted``.
"""

from mmengine.config import read_base

with read_base():
    from .._base_.backbones.mtv_base_plain import backbone as _mtv
    from ..stage1_5task_mtv import *

backbone = _mtv
