"""200,000 steps without EMA: the paper's ablations, all else as in the 300,000."""

from mmengine.config import read_base

with read_base():
    from .stage1_300k import *

_max_iters = 200_000
_warmup_iters = 1_500  # not stated in paper; as in the 300,000

train_cfg.update(max_iters=_max_iters)
param_scheduler[1].update(end=_max_iters, T_max=_max_iters - _warmup_iters)
