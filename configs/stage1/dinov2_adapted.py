"""Baseline: the decoders on frozen DINOv2 without adapter (paper: "DINOv2 adapted").

    tools/dist_train.sh configs/stage1/dinov2_adapted.py 8

Only decoders are trained. The row's schedule is not stated in the paper, so it is the main one; its
numbers with these decoders are not known.
"""

from mmengine.config import read_base

with read_base():
    from .._base_.backbones.dinov2_base import backbone as _dinov2
    from ..stage1_5task import *

backbone = _dinov2
for _task in tasks.values():
    _task["report"] = list(_task["paper"])
    _task["paper"] = dict()
