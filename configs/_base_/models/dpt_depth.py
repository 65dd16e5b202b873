"""Depth decoder: DPT with SILog and gradient matching, metres, NYUv2 with 416 x 544 crops.

DINOv2 configures gradient matching with weight 0.5, but its code slices the axes of images and
channels, so that with two images per GPU the term was always 0 in its own training. Here it is at
work. ``dpt_depth["head"]["gradient_loss"] = None`` switches it off.

For a backbone of 768 channels (Base); Large sets ``in_channels`` to 1024. The recipe is that of
DINOv2's depth training. ``bin_depth_head`` is the variant with the expectation over bins. Assign it
(``dpt_depth["head"] = bin_depth_head``): ``update`` would merge the two heads.
"""

from mmengine.config import read_base

from argus.models.backbones.shared import SharedBackbone
from argus.models.decoders import (
    BinDepthHead,
    DenseEstimator,
    DensePreprocessor,
    DepthHead,
    DPTNetwork,
)
from argus.models.losses import GradientMatchingLoss, SILogLoss

with read_base():
    from ..normalisation import dinov2 as _dinov2

_min_depth = 0.001  # metres; not stated in paper: DINOv2 on NYUv2
_max_depth = 10.0  # metres; not stated in paper: DINOv2 on NYUv2

_losses = dict(
    loss=dict(
        type=SILogLoss,
        mean_weight=0.15,  # not stated in paper: DINOv2
        warmup_steps=100,  # not stated in paper: DINOv2
        eps=0.001,  # not stated in paper: DINOv2
        loss_weight=1.0,  # not stated in paper: DINOv2
    ),
    gradient_loss=dict(
        type=GradientMatchingLoss,
        steps=(1, 2, 4, 8),  # not stated in paper: MegaDepth; DINOv2 has 1, 2, 4, 6
        eps=0.001,  # not stated in paper: DINOv2
        loss_weight=0.5,  # not stated in paper; guess: DINOv2's, which had no effect there
    ),
)
_network = dict(
    type=DPTNetwork,
    in_channels=(768, 768, 768, 768),
    channels=256,  # not stated in paper: DPT
    hidden_channels=32,  # not stated in paper: DPT
    norm_cfg=None,  # not stated in paper: DPT for depth; dict(type="GN", num_groups=32) works
)

dpt_depth = dict(
    type=DenseEstimator,
    data_preprocessor=dict(
        type=DensePreprocessor,
        **_dinov2,
        bgr_to_rgb=True,
        pad_val=0,
        size=(416, 544),  # not stated in paper: DINOv2's crop on NYUv2
        test_cfg=dict(size_divisor=32),
        non_blocking=True,
    ),
    backbone=dict(type=SharedBackbone),
    head=dict(
        type=DepthHead,
        network=dict(
            initial_output=2.0,  # metres; not stated in paper; guess: no output starts below zero
            **_network,
        ),
        min_depth=_min_depth,
        max_depth=_max_depth,
        **_losses,
    ),
    test_cfg=dict(flip=True),  # not stated in paper: DINOv2 on NYUv2
)

bin_depth_head = dict(
    type=BinDepthHead,
    network=dict(
        initial_output=1.0,  # not stated in paper; guess: every bin starts with a gradient
        **_network,
    ),
    num_bins=256,  # not stated in paper: DINOv2, linear head
    min_depth=_min_depth,
    max_depth=_max_depth,
    **_losses,
)
