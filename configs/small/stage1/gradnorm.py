"""Comparison: GradNorm in place of fixed loss weights.

    python tools/train.py configs/small/stage1/gradnorm.py

The first 50 steps say where losses begin. All else is as in the main run.
"""

from mmengine.config import read_base

from argus.engine.balancing import GradNorm

with read_base():
    from ..stage1_4task import *

balancing = dict(type=GradNorm, first_steps=50)
