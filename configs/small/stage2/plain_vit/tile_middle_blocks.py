"""Stage 2 on small real sets: SimpleNet on tokens from the middle of the plain frozen ViT.

    python tools/train.py configs/small/stage2/plain_vit/tile_middle_blocks.py

What is odd about a texture is lost towards a ViT's end: by the nearest flawless patch at 224 px,
the AUROC of pictures is 0.65 after block 2, 0.84 after 6 and 8, 0.85 after 10, 0.74 after the last,
12 (every third flawless tile, every second tested one).
"""

from mmengine.config import read_base

with read_base():
    from ..._base_.dinov2_small import backbone as _dinov2
    from ...._base_.schedules.warm_cosine import warm_cosine as _warm_cosine
    from ..tile_simplenet import *

backbone = dict(_dinov2, layers=(8, 8, 10, 10))  # the head takes the second and the third map
train_cfg.update(max_iters=600)
param_scheduler = _warm_cosine(600, warmup_iters=50, start_factor=1e-3, eta_min=0.0)
