"""Comparison: the decoders of ``bccd_faster_rcnn`` on the plain frozen ViT.

    python tools/train.py configs/small/stage2/plain_vit/bccd_faster_rcnn.py

All else is as there.
"""

from mmengine.config import read_base

with read_base():
    from ..._base_.dinov2_small import backbone as _dinov2
    from ..bccd_faster_rcnn import *

backbone = _dinov2
