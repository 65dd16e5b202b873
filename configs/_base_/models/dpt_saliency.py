"""Saliency decoder: DPT with background and foreground, PASCAL-Context at 512 x 512.

For a backbone of 768 channels (Base); Large sets ``in_channels`` to 1024. The loss is that of the
saliency task of ASTMT and InvPT.
"""

from mmengine.config import read_base  # noqa: F401  marks a new-style config

from argus.models.backbones.shared import SharedBackbone
from argus.models.decoders import DenseEstimator, DensePreprocessor, DPTNetwork, SaliencyHead
from argus.models.losses import BalancedCELoss

_size = (512, 512)  # not stated in paper: InvPT

dpt_saliency = dict(
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
        type=SaliencyHead,
        network=dict(
            type=DPTNetwork,
            in_channels=(768, 768, 768, 768),
            channels=256,  # not stated in paper: DPT
            hidden_channels=32,  # not stated in paper: DPT
            norm_cfg=None,  # not stated in paper: DPT; dict(type="GN", num_groups=32) works
        ),
        loss=dict(
            type=BalancedCELoss,
            loss_weight=1.0,  # not stated in paper: InvPT has 5 beside other tasks
        ),
    ),
    test_cfg=dict(flip=False),  # not stated in paper: InvPT
)
