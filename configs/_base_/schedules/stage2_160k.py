"""160,000 steps of AdamW with polynomial decay: Mask2Former on ADE20K."""

from mmengine.optim import PolyLR
from torch.optim import AdamW

_max_iters = 160_000  # not stated in paper: Mask2Former

train_cfg = dict(
    max_iters=_max_iters,
    val_interval=10_000,  # not stated in paper; guess
)
optim_wrapper = dict(
    optimizer=dict(
        type=AdamW,
        lr=1e-4,  # not stated in paper: Mask2Former
        betas=(0.9, 0.999),  # not stated in paper; default of AdamW
        weight_decay=0.05,  # not stated in paper: Mask2Former
    ),
    clip_grad=dict(max_norm=0.01),  # not stated in paper: Mask2Former
    # not stated in paper; decoders on a frozen backbone have nothing to do with each other
    clip_each_part=True,
)
param_scheduler = [
    dict(
        type=PolyLR,
        by_epoch=False,
        begin=0,
        end=_max_iters,
        power=0.9,  # not stated in paper: Mask2Former
        eta_min=0.0,  # not stated in paper: Mask2Former
    ),
]
