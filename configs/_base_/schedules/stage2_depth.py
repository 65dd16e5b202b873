"""38,400 steps with a long warm-up: depth on NYUv2, the recipe of DINOv2's DPT decoder."""

from mmengine.config import read_base
from torch.optim import AdamW

with read_base():
    from .warm_cosine import warm_cosine as _warm_cosine

_max_iters = 38_400  # not stated in paper: DINOv2
_warmup_iters = 12_800  # not stated in paper: DINOv2

train_cfg = dict(
    max_iters=_max_iters,
    val_interval=4_800,  # not stated in paper; guess
)
optim_wrapper = dict(
    optimizer=dict(
        type=AdamW,
        lr=1e-4,  # not stated in paper: DINOv2
        betas=(0.9, 0.999),  # not stated in paper: DINOv2
        weight_decay=0.01,  # not stated in paper: DINOv2
    ),
    clip_grad=dict(max_norm=35.0),  # not stated in paper: DINOv2
    # not stated in paper; decoders on a frozen backbone have nothing to do with each other
    clip_each_part=True,
)
param_scheduler = _warm_cosine(
    _max_iters,
    warmup_iters=_warmup_iters,
    start_factor=1e-3,  # not stated in paper: DINOv2
    eta_min=1e-8,  # not stated in paper: DINOv2
)
