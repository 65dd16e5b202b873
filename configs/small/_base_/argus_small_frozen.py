"""Argus-Small as stage 1 on the small real sets left it, frozen: the backbone of stage 2."""

from mmengine.config import read_base

from argus.models.backbones import trained_backbone

with read_base():
    from .argus_small import backbone as _argus

backbone = dict(
    type=trained_backbone,
    backbone=_argus,
    checkpoint="work_dirs/small/stage1_4task/iter_2400.pth",
    weights="auto",
    freeze=True,
)
