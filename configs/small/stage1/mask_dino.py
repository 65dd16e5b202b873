"""Comparison: the nuclei with Mask DINO, as in the paper, in place of Mask R-CNN.

    python tools/train.py configs/small/stage1/mask_dino.py

Queries need longer to find anything than anchors do. All else is as in the main run.
"""

from mmengine.config import read_base

with read_base():
    from .._base_.tasks.nuclei_instance import nuclei_instance
    from ..stage1_4task import *

tasks["nuclei"] = nuclei_instance
