"""DINOv2 ViT-S/14, frozen, without adapter: its final tokens at the four strides."""

from mmengine.config import read_base

from argus.models.backbones import PlainViT

with read_base():
    from .argus_small import backbone as _argus

backbone = dict(type=PlainViT, vit=_argus["vit"], freeze_vit=True, resize_mode="bicubic")
