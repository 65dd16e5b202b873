"""DINOv2 ViT-B/14 with 4 registers, frozen, without adapter: the paper's row "DINOv2 adapted".

86,583,552 parameters, none trained. How the paper makes four maps of the tokens is not stated; here
the final tokens are interpolated to the four strides.
"""

from mmengine.config import read_base

from argus.models.backbones import PlainViT

with read_base():
    from .argus_base import backbone as _argus

backbone = dict(
    type=PlainViT,
    vit=_argus["vit"],
    freeze_vit=True,
    resize_mode="bicubic",  # not stated in paper; guess
)
