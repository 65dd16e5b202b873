"""Anomaly decoder: DRAEM's discriminative part per category, a DPT decoder on all four maps."""

from mmengine.config import read_base

from argus.models.decoders import DRAEMHead

with read_base():
    from .anomaly import anomaly_model

draem = anomaly_model(
    dict(
        type=DRAEMHead,
        in_channels=[768, 768, 768, 768],
        channels=256,  # not stated in paper: DPT
        norm_cfg=dict(type="GN", num_groups=32),  # not stated in paper; guess: DRAEM has BatchNorm
        gamma=2.0,  # not stated in paper: DRAEM
        score_window=21,  # not stated in paper: DRAEM
    )
)
