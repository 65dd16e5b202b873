"""Comparison: the task ``nuclei`` alone, as many steps as together with the others.

    python tools/train.py configs/small/stage1/alone_nuclei.py

All else is as in the main run.
"""

from mmengine.config import read_base

with read_base():
    from ..stage1_4task import *

tasks = dict(nuclei=tasks["nuclei"])
