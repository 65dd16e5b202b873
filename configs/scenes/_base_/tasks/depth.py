"""Depth of generated rooms, metres, with a small DPT."""

from mmengine.config import read_base  # noqa: F401  marks a new-style config

from argus.datasets.nyuv2 import NYUv2
from argus.datasets.transforms import JointRandomFlip, LoadDepth, LoadImage, PackDense
from argus.evaluation.metrics import DepthMetric
from argus.models.backbones.shared import SharedBackbone
from argus.models.decoders import DenseEstimator, DensePreprocessor, DepthHead, DPTNetwork
from argus.models.losses import GradientMatchingLoss, SILogLoss

_data_root = "data/scenes/nyuv2"
_channels = 96
_load = [dict(type=LoadImage), dict(type=LoadDepth)]
_pack = dict(type=PackDense, fields=["depth"])

depth = dict(
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
            type=DepthHead,
            network=dict(
                type=DPTNetwork,
                in_channels=[_channels] * 4,
                channels=48,
                hidden_channels=32,
                norm_cfg=dict(type="GN", num_groups=8),
                initial_output=3.0,
            ),
            max_depth=10.0,
            loss=dict(type=SILogLoss, mean_weight=0.15, warmup_steps=20),
            gradient_loss=dict(type=GradientMatchingLoss, loss_weight=0.5),
        ),
    ),
    train=dict(
        dataset=dict(
            type=NYUv2,
            data_root=_data_root,
            ann_file="gt_sets/train.txt",
            labels=["depth"],
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
            labels=["depth"],
            test_mode=True,
            pipeline=[*_load, _pack],
        ),
        batch_size=8,
        num_workers=1,
    ),
    metrics=dict(type=DepthMetric, max_depth=10.0, crop=None),
    primary="abs_rel",
    lower_is_better=["abs_rel", "rmse"],
    report=["abs_rel", "rmse", "delta1"],
    units=dict(rmse="m"),
)
