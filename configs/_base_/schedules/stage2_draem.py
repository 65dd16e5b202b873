"""87,500 steps of Adam in three levels: the DRAEM-style anomaly decoder, 700 epochs by 8."""

from mmengine.optim import MultiStepLR
from torch.optim import Adam

_max_iters = 87_500  # not stated in paper: DRAEM, 700 epochs of 998 images by 8

train_cfg = dict(
    max_iters=_max_iters,
    val_interval=12_500,  # not stated in paper; guess, 100 epochs
)
optim_wrapper = dict(
    optimizer=dict(
        type=Adam,
        lr=1e-4,  # not stated in paper: DRAEM
        betas=(0.9, 0.999),  # not stated in paper; default of Adam
    ),
    clip_grad=None,  # not stated in paper: DRAEM
)
param_scheduler = [
    dict(
        type=MultiStepLR,
        by_epoch=False,
        begin=0,
        end=_max_iters,
        milestones=[70_000, 78_750],  # not stated in paper: DRAEM, after 80 and 90 %
        gamma=0.2,  # not stated in paper: DRAEM
    ),
]
