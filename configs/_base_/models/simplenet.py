"""Anomaly decoder: SimpleNet's head per category on the maps of stride 8 and 16."""

from mmengine.config import read_base

from argus.models.decoders import SimpleNetHead

with read_base():
    from .anomaly import anomaly_model

simplenet = anomaly_model(
    dict(
        type=SimpleNetHead,
        in_channels=[768, 768],
        in_index=[1, 2],  # not stated in paper: SimpleNet's levels, of stride 8 and 16
        hidden_channels=1024,  # not stated in paper: SimpleNet
        # Too little on real tiles: configs/small/_base_/tasks/tile_anomaly.py.
        noise_std=0.015,  # not stated in paper: SimpleNet
        margin=0.5,  # not stated in paper: SimpleNet
        blur_sigma=4.0,  # not stated in paper: SimpleNet's code
        statistics_images=200,  # not stated in paper; guess: about the pictures of one category
    )
)
