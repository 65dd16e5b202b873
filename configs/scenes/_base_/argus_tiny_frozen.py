"""The backbone for two CPU cores as stage 1 on the scenes left it, frozen."""

from mmengine.config import read_base

from argus.models.backbones import trained_backbone

with read_base():
    from .argus_tiny import backbone as _argus

backbone = dict(
    type=trained_backbone,
    backbone=_argus,
    checkpoint="work_dirs/scenes/stage1_5task/iter_440.pth",
    weights="auto",
    freeze=True,
)
