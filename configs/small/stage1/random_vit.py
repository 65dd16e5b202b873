"""Comparison: the adapter on a random frozen ViT.

    python tools/train.py configs/small/stage1/random_vit.py

What the adapter and decoders learn without the pretrained features.
"""

from mmengine.config import read_base

with read_base():
    from ..stage1_4task import *

backbone["vit"].update(weights="random")
