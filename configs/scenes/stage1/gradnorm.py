"""Balancing on generated scenes: GradNorm in place of fixed loss weights.

    python tools/train.py configs/scenes/stage1/gradnorm.py

The first 35 steps say where losses begin. All else is as in the main run.
"""

from mmengine.config import read_base

from argus.engine.balancing import GradNorm

with read_base():
    from ..stage1_5task import *

balancing = dict(type=GradNorm, first_steps=35)
