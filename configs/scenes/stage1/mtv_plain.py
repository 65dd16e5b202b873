"""Comparison: the decoders of the scenes on the frozen encoder of ``make demo-mtv``, no adapter.

tools/dist_train.sh configs/scenes/stage1/mtv_plain.py 2
"""

from mmengine.config import read_base

from argus.models.backbones import PlainViT

with read_base():
    from ..stage1_5task_mtv import *

backbone = dict(type=PlainViT, vit=backbone["vit"], freeze_vit=True)
