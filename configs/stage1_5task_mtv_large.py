"""Argus-Large on MTV ViT-L/16 instead of DINOv2, stage 1: the tasks of ``stage1_5task_large``.

    tools/dist_train.sh configs/stage1_5task_mtv_large.py 8

The trunk is a folder that ``tools/checkpoints/export_mtv.py`` wrote, or a released model, below
data/weights/mtv_large_patch16_256 (docs/mtv_trunk.md). Cost: as ``stage1_5task_large``, since there
are as many patches. No numbers are published; those of DINOv2 are in ``stage1_5task_large``.
"""

from mmengine.config import read_base

with read_base():
    from ._base_.backbones.mtv_large import backbone as _mtv
    from ._base_.backbones.mtv_large import pixels as _pixels
    from ._base_.normalisation import normalised as _normalised
    from .stage1_5task_large import *

backbone = _mtv
_normalised(tasks, _pixels)
for _task in tasks.values():
    _task["paper"] = dict()
    _task["table"] = "On MTV"
