"""Short comparison: the same decoders on the frozen ViT, without adapter.

python tools/train.py configs/small/short/plain_vit.py
"""

from mmengine.config import read_base

with read_base():
    from .._base_.dinov2_small import backbone as _dinov2
    from .stage1 import *

backbone = _dinov2
