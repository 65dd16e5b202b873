"""A short training of decoders on the frozen backbone."""

from mmengine.config import read_base

with read_base():
    from .schedule import optim_wrapper, param_scheduler, precision, train_cfg

train_cfg.update(schedule="joint")
