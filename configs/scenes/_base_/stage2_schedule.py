"""A short training of decoders on generated scenes."""

from mmengine.optim import CosineAnnealingLR, LinearLR
from torch.optim import AdamW

_max_iters = 400

train_cfg = dict(max_iters=_max_iters, schedule="joint")
precision = "fp32"  # the documented results do not depend on the processor
optim_wrapper = dict(
    optimizer=dict(type=AdamW, lr=2e-3, betas=(0.9, 0.99), weight_decay=0.05),
    clip_grad=dict(max_norm=5.0),
    clip_each_part=True,
)
param_scheduler = [
    dict(type=LinearLR, start_factor=0.01, by_epoch=False, begin=0, end=30),
    dict(
        type=CosineAnnealingLR,
        by_epoch=False,
        begin=30,
        end=_max_iters,
        T_max=_max_iters - 30,
        eta_min=0.0,
    ),
]
