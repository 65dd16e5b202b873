"""20,000 steps of AdamW at a constant rate: anomaly decoders, 160 epochs of 998 images by 8."""

from torch.optim import AdamW

_max_iters = 20_000  # not stated in paper: SimpleNet, 40 meta-epochs of 4

train_cfg = dict(
    max_iters=_max_iters,
    val_interval=5_000,  # not stated in paper; guess
)
optim_wrapper = dict(
    optimizer=dict(
        type=AdamW,
        lr=1e-4,  # not stated in paper: SimpleNet's adaptor
        betas=(0.9, 0.999),  # not stated in paper; default of AdamW
        weight_decay=0.01,  # not stated in paper: SimpleNet's adaptor, the default of AdamW
    ),
    clip_grad=None,  # not stated in paper: SimpleNet
)
param_scheduler = []  # not stated in paper: SimpleNet, a constant rate
