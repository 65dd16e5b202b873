"""Comparison: the decoders of ``ccp_parsing`` on the plain frozen ViT.

    python tools/train.py configs/small/stage2/plain_vit/ccp_parsing.py

All else is as there.
"""

from mmengine.config import read_base

with read_base():
    from ..._base_.dinov2_small import backbone as _dinov2
    from ..ccp_parsing import *

backbone = _dinov2
