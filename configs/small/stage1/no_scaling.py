"""Comparison: no norm scaling around the interactions.

    python tools/train.py configs/small/stage1/no_scaling.py

All else is as in the main run.
"""

from mmengine.config import read_base

with read_base():
    from ..stage1_4task import *

backbone.update(scale_tokens=False)
