"""Balancing on generated scenes: PCGrad in place of the plain sum of the gradients.

    pip install "argus-multitask[balancing]"
    python tools/train.py configs/scenes/stage1/pcgrad.py

All else is as in the main run.
"""

from mmengine.config import read_base

from argus.engine.balancing import TorchJDGradients

with read_base():
    from ..stage1_5task import *

balancing = dict(type=TorchJDGradients, method="PCGrad")
