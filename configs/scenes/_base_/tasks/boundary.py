"""Boundaries of generated rooms with a small UperNet."""

from mmengine.config import read_base  # noqa: F401  marks a new-style config

from argus.datasets.nyuv2 import NYUv2
from argus.datasets.transforms import JointRandomFlip, LoadBoundary, LoadImage, PackDense
from argus.evaluation.metrics import BoundaryMetric
from argus.models.backbones.shared import SharedBackbone
from argus.models.decoders import DenseEstimator, DensePreprocessor, BoundaryHead, UPerNetwork
from argus.models.losses import BalancedBCELoss

_data_root = "data/scenes/nyuv2"
_channels = 96
_load = [dict(type=LoadImage), dict(type=LoadBoundary, positive=255)]
_pack = dict(type=PackDense, fields=["boundary"])

boundary = dict(
    decoder=dict(
        type=DenseEstimator,
        data_preprocessor=dict(
            type=DensePreprocessor,
            mean=[123.675, 116.28, 103.53],
            std=[58.395, 57.12, 57.375],
            bgr_to_rgb=True,
        ),
        backbone=dict(type=SharedBackbone),
        head=dict(
            type=BoundaryHead,
            network=dict(
                type=UPerNetwork,
                in_channels=[_channels] * 4,
                channels=48,
                pool_scales=(1, 2, 4),
                norm_cfg=dict(type="GN", num_groups=8),
            ),
            loss=dict(type=BalancedBCELoss, positive_weight=0.8),
        ),
    ),
    train=dict(
        dataset=dict(
            type=NYUv2,
            data_root=_data_root,
            ann_file="gt_sets/train.txt",
            labels=["boundary"],
            pipeline=[*_load, dict(type=JointRandomFlip, prob=0.5), _pack],
        ),
        batch_size=4,
        num_workers=1,
    ),
    val=dict(
        dataset=dict(
            type=NYUv2,
            data_root=_data_root,
            ann_file="gt_sets/val.txt",
            labels=["boundary"],
            test_mode=True,
            pipeline=[*_load, _pack],
        ),
        batch_size=8,
        num_workers=1,
    ),
    metrics=dict(type=BoundaryMetric),
    primary="odsF",
    report=["odsF", "oisF", "AP"],
)
