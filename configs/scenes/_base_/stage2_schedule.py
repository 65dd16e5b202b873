"""A short training of decoders on generated scenes."""

from mmengine.config import read_base
from torch.optim import AdamW

with read_base():
    from ..._base_.schedules.warm_cosine import warm_cosine as _warm_cosine

_max_iters = 400

train_cfg = dict(max_iters=_max_iters, schedule="joint")
precision = "fp32"  # the documented results do not depend on the processor
optim_wrapper = dict(
    optimizer=dict(type=AdamW, lr=2e-3, betas=(0.9, 0.99), weight_decay=0.05),
    clip_grad=dict(max_norm=5.0),
    clip_each_part=True,
)
param_scheduler = _warm_cosine(_max_iters, warmup_iters=30, start_factor=0.01, eta_min=0.0)
