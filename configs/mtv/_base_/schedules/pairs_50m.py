"""50 million pairs, 10 times, 4,096 of them a step: 122,070 steps.

Values without a remark are stated in the paper (arXiv 2601.13886).
"""

from mmengine.config import read_base
from mmengine.optim import CosineAnnealingLR, LinearLR

with read_base():
    from .common import *

global_batch_size = 4096  # of all processes and accumulated batches
_max_iters = 50_000_000 * 10 // global_batch_size

train_cfg = dict(max_iters=_max_iters, schedule="joint", accumulate=1)
param_scheduler = [
    dict(type=LinearLR, start_factor=1e-3, by_epoch=False, begin=0, end=1_000),
    # not stated in paper; CLIP's: half a cosine to 0
    dict(
        type=CosineAnnealingLR,
        by_epoch=False,
        begin=1_000,
        end=_max_iters,
        T_max=_max_iters - 1_000,
        eta_min=0.0,
    ),
]
