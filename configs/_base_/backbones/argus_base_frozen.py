"""Argus-Base as stage 1 left it, frozen: the backbone of stage 2.

``checkpoint`` names the stage-1 checkpoint; its averaged weights are taken.
"""

from mmengine.config import read_base

from argus.models.backbones import trained_backbone

with read_base():
    from .argus_base import backbone as _argus

backbone = dict(
    type=trained_backbone,
    backbone=_argus,
    checkpoint="work_dirs/stage1_5task/iter_300000.pth",
    weights="auto",
    freeze=True,
)
