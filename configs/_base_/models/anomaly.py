"""What the anomaly decoders share: one head per category, normalisation of DINOv2, padding.

For a backbone of 768 channels (Base); Large sets the ``in_channels`` to 1024.
"""

from mmengine.config import read_base

from argus.datasets.mvtec_ad import MVTEC_4
from argus.models.backbones.shared import SharedBackbone
from argus.models.decoders import AnomalyDetector, DensePreprocessor

with read_base():
    from ..normalisation import dinov2 as _dinov2


def anomaly_model(head):
    """A model with such a head for each category."""
    return dict(
        type=AnomalyDetector,
        data_preprocessor=dict(
            type=DensePreprocessor,
            **_dinov2,
            bgr_to_rgb=True,
            size_divisor=32,
        ),
        backbone=dict(type=SharedBackbone),
        categories=MVTEC_4,
        joint=False,  # not stated in paper; guess: one head per category, as in DRAEM
        head=head,
    )
