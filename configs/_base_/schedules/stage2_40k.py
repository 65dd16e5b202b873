"""40,000 steps of AdamW with cosine decay: dense decoders on NYUv2 and PASCAL-Context."""

from mmengine.config import read_base
from torch.optim import AdamW

with read_base():
    from .warm_cosine import warm_cosine as _warm_cosine

_max_iters = 40_000  # not stated in paper: InvPT
_warmup_iters = 500  # not stated in paper; guess

train_cfg = dict(
    max_iters=_max_iters,
    val_interval=5_000,  # not stated in paper; guess
)
optim_wrapper = dict(
    optimizer=dict(
        type=AdamW,
        lr=1e-4,  # not stated in paper: ViT-Adapter
        betas=(0.9, 0.999),  # not stated in paper; default of AdamW
        weight_decay=0.01,  # not stated in paper; guess, as for depth
    ),
    clip_grad=dict(max_norm=1.0),  # not stated in paper; as in stage 1
    # not stated in paper; decoders on a frozen backbone have nothing to do with each other
    clip_each_part=True,
)
param_scheduler = _warm_cosine(
    _max_iters,
    warmup_iters=_warmup_iters,
    start_factor=1e-3,  # not stated in paper; guess
    eta_min=0.0,  # not stated in paper; SGDR
)
