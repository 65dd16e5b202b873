"""Short: the decoders of all four tasks on the frozen ViT, without adapter.

python tools/train.py configs/small/short/four_tasks_plain_vit.py
"""

from mmengine.config import read_base

with read_base():
    from .._base_.dinov2_small import backbone as _dinov2
    from .four_tasks import *

backbone = _dinov2
