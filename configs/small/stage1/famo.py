"""Comparison: FAMO in place of fixed loss weights.

    python tools/train.py configs/small/stage1/famo.py

A step costs a forward pass more. All else is as in the main run.
"""

from mmengine.config import read_base

from argus.engine.balancing import FAMO

with read_base():
    from ..stage1_4task import *

balancing = dict(type=FAMO)
