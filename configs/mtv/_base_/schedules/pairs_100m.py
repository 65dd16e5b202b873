"""100 million pairs, 32 times, 8,192 of them a step: 390,625 steps.

Values without a remark are stated in the paper (arXiv 2601.13886).
"""

from mmengine.config import read_base

with read_base():
    from ...._base_.schedules.warm_cosine import warm_cosine as _warm_cosine
    from .common import *

global_batch_size = 8192  # of all processes and accumulated batches
_max_iters = 100_000_000 * 32 // global_batch_size

train_cfg = dict(
    max_iters=_max_iters,
    val_interval=5_000,  # not stated in paper; guess
    schedule="joint",
    accumulate=1,
)
# not stated in paper: the fall; CLIP's half a cosine to 0
param_scheduler = _warm_cosine(_max_iters, warmup_iters=1_000, start_factor=1e-3, eta_min=0.0)
