"""Surface normal decoder: UperNet with three components per pixel, NYUv2 at 448 x 576.

For a backbone of 768 channels (Base); Large sets ``in_channels`` to 1024. The recipe is that of the
normals task of InvPT and ATRC; GroupNorm, so that no image of a batch depends on another. The
cosine in place of L1: ``head.loss=dict(type=NormalsCosineLoss)``.
"""

from mmengine.config import read_base  # noqa: F401  marks a new-style config

from argus.models.backbones.shared import SharedBackbone
from argus.models.decoders import DenseEstimator, DensePreprocessor, NormalsHead, UPerNetwork
from argus.models.losses import NormalsL1Loss

_size = (448, 576)  # height, width; not stated in paper: InvPT, images of 425 x 560 padded

upernet_normals = dict(
    type=DenseEstimator,
    data_preprocessor=dict(
        type=DensePreprocessor,
        mean=[123.675, 116.28, 103.53],
        std=[58.395, 57.12, 57.375],
        bgr_to_rgb=True,
        pad_val=0,
        size=_size,
        test_cfg=dict(size=_size),
        non_blocking=True,
    ),
    backbone=dict(type=SharedBackbone),
    head=dict(
        type=NormalsHead,
        network=dict(
            type=UPerNetwork,
            in_channels=[768, 768, 768, 768],
            channels=512,  # not stated in paper: UperNet
            pool_scales=(1, 2, 3, 6),  # not stated in paper: UperNet
            dropout_ratio=0.0,  # not stated in paper; guess: dropout disturbs a regression
            # not stated in paper: GroupNorm stands where UperNet has SyncBN; 32 groups as in
            # Mask DINO's heads
            norm_cfg=dict(type="GN", num_groups=32),
            align_corners=False,  # not stated in paper: mmseg's UperNet
        ),
        loss=dict(
            type=NormalsL1Loss,
            loss_weight=1.0,  # not stated in paper: InvPT has 10 beside other tasks
        ),
    ),
    test_cfg=dict(flip=False),  # not stated in paper: InvPT
)
