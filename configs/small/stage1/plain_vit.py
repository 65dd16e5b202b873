"""Comparison: the decoders on the frozen ViT without adapter.

    python tools/train.py configs/small/stage1/plain_vit.py

Its final tokens, interpolated, are all four maps. A step costs about a third.
"""

from mmengine.config import read_base

with read_base():
    from .._base_.dinov2_small import backbone as _dinov2
    from ..stage1_4task import *

backbone = _dinov2
