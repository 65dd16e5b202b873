"""36 epochs of COCO at 16 images a step: Mask R-CNN and Co-DETR on the frozen backbone."""

from mmengine.optim import LinearLR, MultiStepLR
from torch.optim import AdamW

_max_iters = 266_000  # not stated in paper: 36 epochs of 118,287 images by 16

train_cfg = dict(
    max_iters=_max_iters,
    val_interval=22_000,  # not stated in paper; guess, three epochs
)
optim_wrapper = dict(
    optimizer=dict(
        type=AdamW,
        lr=1e-4,  # not stated in paper: ViT-Adapter, Co-DETR
        betas=(0.9, 0.999),  # not stated in paper; default of AdamW
        weight_decay=0.05,  # not stated in paper: ViT-Adapter
    ),
    clip_grad=dict(max_norm=1.0),  # not stated in paper; as in stage 1
    # not stated in paper; decoders on a frozen backbone have nothing to do with each other
    clip_each_part=True,
)
param_scheduler = [
    # not stated in paper: mmdet
    dict(type=LinearLR, start_factor=1e-3, by_epoch=False, begin=0, end=500),
    dict(
        type=MultiStepLR,
        by_epoch=False,
        begin=0,
        end=_max_iters,
        milestones=[199_500, 243_800],  # not stated in paper: after 27 and 33 epochs, ViT-Adapter
        gamma=0.1,  # not stated in paper: mmdet
    ),
]
