"""Comparison: without the average of the weights.

    python tools/train.py configs/small/stage1/no_ema.py

The average changes no step: the same numbers come from a checkpoint of the main run, tested with
``--cfg-options eval_weights=raw``.
"""

from mmengine.config import read_base

with read_base():
    from ..stage1_4task import *

custom_hooks = []
