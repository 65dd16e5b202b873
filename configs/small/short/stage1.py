"""Short: CamVid and CIFAR-10 in 400 steps, for comparisons that two cores train in an afternoon.

    tools/ablate.py configs/small/short.yaml --seeds 2

One picture and four a step; measured on parts that are neither trained on nor tested on.
"""

from mmengine.config import read_base

with read_base():
    from ..stage1_4task import *

tasks = dict(camvid=tasks["camvid"], cifar10=tasks["cifar10"])
for _task in tasks.values():
    _task["test"] = _task["val"]
tasks["cifar10"]["train"]["batch_size"] = 4

_max_iters = 400
_warmup_iters = 20
train_cfg.update(max_iters=_max_iters)
param_scheduler[0].update(end=_warmup_iters)
param_scheduler[1].update(begin=_warmup_iters, end=_max_iters, T_max=_max_iters - _warmup_iters)
default_hooks["checkpoint"].update(interval=_max_iters)
eval_weights = "raw"  # an average over a hundred steps lags behind so short a training
