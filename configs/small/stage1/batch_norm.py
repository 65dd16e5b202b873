"""Comparison: BatchNorm in the adapter in place of GroupNorm.

    python tools/train.py configs/small/stage1/batch_norm.py

Statistics are those of one task's batch on one process.
"""

from mmengine.config import read_base

with read_base():
    from ..stage1_4task import *

backbone.update(norm="BN")
