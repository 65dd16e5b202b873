"""50 million pairs, 10 times, 4,096 of them a step: 122,070 steps.

Values without a remark are stated in the paper (arXiv 2601.13886).
"""

from mmengine.config import read_base

with read_base():
    from ...._base_.schedules.warm_cosine import warm_cosine as _warm_cosine
    from .common import *

global_batch_size = 4096  # of all processes and accumulated batches
_max_iters = 50_000_000 * 10 // global_batch_size

train_cfg = dict(
    max_iters=_max_iters,
    val_interval=5_000,  # not stated in paper; guess
    schedule="joint",
    accumulate=1,
)
# not stated in paper: the fall; CLIP's half a cosine to 0
param_scheduler = _warm_cosine(_max_iters, warmup_iters=1_000, start_factor=1e-3, eta_min=0.0)
