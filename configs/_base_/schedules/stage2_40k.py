"""40,000 steps of AdamW with cosine decay: dense decoders on NYUv2 and PASCAL-Context."""

from mmengine.optim import CosineAnnealingLR, LinearLR
from torch.optim import AdamW

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
param_scheduler = [
    # not stated in paper; start of 1e-3 times the rate, guess
    dict(type=LinearLR, start_factor=1e-3, by_epoch=False, begin=0, end=_warmup_iters),
    dict(
        type=CosineAnnealingLR,
        by_epoch=False,
        begin=_warmup_iters,
        end=_max_iters,
        T_max=_max_iters - _warmup_iters,
        eta_min=0.0,  # not stated in paper; SGDR
    ),
]
