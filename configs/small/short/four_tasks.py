"""Short: all four tasks of stage 1 in 400 steps of eleven pictures, measured on the test splits.

tools/ablate.py configs/small/short_four_tasks.yaml --seeds 2
"""

from mmengine.config import read_base

with read_base():
    from ..stage1_4task import *

_max_iters = 400
_warmup_iters = 20
train_cfg.update(max_iters=_max_iters)
param_scheduler[0].update(end=_warmup_iters)
param_scheduler[1].update(begin=_warmup_iters, end=_max_iters, T_max=_max_iters - _warmup_iters)
default_hooks["checkpoint"].update(interval=_max_iters)
eval_weights = "raw"  # an average over a hundred steps lags behind so short a training
