"""A short training of decoders on the frozen backbone: half the steps of stage 1."""

from mmengine.config import read_base

with read_base():
    from ..._base_.schedules.warm_cosine import warm_cosine as _warm_cosine
    from .schedule import optim_wrapper, precision, train_cfg

_max_iters = 1000
_warmup_iters = 50

train_cfg.update(max_iters=_max_iters, schedule="joint")
param_scheduler = _warm_cosine(
    _max_iters, warmup_iters=_warmup_iters, start_factor=1e-3, eta_min=0.0
)
