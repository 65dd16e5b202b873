"""Comparison: the task ``cifar10`` alone, as many steps as together with the others.

    python tools/train.py configs/small/stage1/alone_cifar10.py

All else is as in the main run.
"""

from mmengine.config import read_base

with read_base():
    from ..stage1_4task import *

tasks = dict(cifar10=tasks["cifar10"])
