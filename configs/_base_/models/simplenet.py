"""Anomaly decoder: SimpleNet's head per category on the maps of stride 8 and 16.

For a backbone of 768 channels (Base); Large sets the ``in_channels`` to 1024.
"""

from mmengine.config import read_base  # noqa: F401  marks a new-style config

from argus.datasets.mvtec_ad import MVTEC_4
from argus.models.backbones.shared import SharedBackbone
from argus.models.decoders import AnomalyDetector, DensePreprocessor, SimpleNetHead

simplenet = dict(
    type=AnomalyDetector,
    data_preprocessor=dict(
        type=DensePreprocessor,
        mean=[123.675, 116.28, 103.53],
        std=[58.395, 57.12, 57.375],
        bgr_to_rgb=True,
        size_divisor=32,
    ),
    backbone=dict(type=SharedBackbone),
    categories=MVTEC_4,
    joint=False,  # not stated in paper; guess: one head per category
    head=dict(
        type=SimpleNetHead,
        in_channels=[768, 768],
        in_index=[1, 2],  # not stated in paper: SimpleNet's levels, of stride 8 and 16
        hidden_channels=1024,  # not stated in paper: SimpleNet
        noise_std=0.015,  # not stated in paper: SimpleNet
        margin=0.5,  # not stated in paper: SimpleNet
        blur_sigma=4.0,  # not stated in paper: SimpleNet's code
        statistics_images=200,  # not stated in paper; guess: about the pictures of one category
    ),
)
