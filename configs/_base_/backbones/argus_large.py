"""Argus-Large backbone: frozen DINOv2 ViT-L/14 with 4 registers and the trained adapter.

327,609,536 parameters, of which the adapter's 23,236,800 are trained (paper: 327M, 23.7M).
The remarks of ``argus_base.py`` hold for the values that are not repeated here.
"""

from mmengine.config import read_base

with read_base():
    from .argus_base import *

backbone.update(num_heads=16)  # not stated in paper; ViT-Adapter-L
backbone["vit"].update(
    arch="large",
    weights="data/weights/dinov2_vitl14_reg4_pretrain.pth",
)
