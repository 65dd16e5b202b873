"""Argus-Base on MTV ViT-B/16 instead of DINOv2, stage 1: the five tasks of ``stage1_5task``.

    tools/dist_train.sh configs/stage1_5task_mtv.py 8

The trunk is a folder that ``tools/checkpoints/export_mtv.py`` wrote, or a released model, below
data/weights/mtv_base_patch16_224 (docs/mtv_trunk.md). Cost: as ``stage1_5task``, since there are as
many patches. No numbers are published; those of DINOv2 are in ``stage1_5task``.
"""

from mmengine.config import read_base

with read_base():
    from ._base_.backbones.mtv_base import backbone as _mtv
    from ._base_.backbones.mtv_base import pixels as _pixels
    from ._base_.normalisation import normalised as _normalised
    from .stage1_5task import *

backbone = _mtv
_normalised(tasks, _pixels)
for _task in tasks.values():
    _task["paper"] = dict()
    _task["table"] = "On MTV"
