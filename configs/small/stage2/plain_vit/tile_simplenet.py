"""Comparison: the decoders of ``tile_simplenet`` on the plain frozen ViT.

    python tools/train.py configs/small/stage2/plain_vit/tile_simplenet.py

All else is as there.
"""

from mmengine.config import read_base

with read_base():
    from ..._base_.dinov2_small import backbone as _dinov2
    from ..tile_simplenet import *

backbone = _dinov2
