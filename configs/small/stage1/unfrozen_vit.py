"""Comparison: the ViT is trained with the adapter.

    python tools/train.py configs/small/stage1/unfrozen_vit.py

Its rate falls by a factor for each block below the last, as is usual for a pretrained ViT.
"""

from mmengine.config import read_base

with read_base():
    from ..stage1_4task import *

backbone.update(freeze_vit=False)
optim_wrapper.update(paramwise_cfg=dict(lr_mult={"backbone.vit.": 0.1}, layer_decay=0.65))
