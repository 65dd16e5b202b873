"""Saliency of generated scenes with a small DPT."""

from mmengine.config import read_base  # noqa: F401  marks a new-style config

from argus.datasets.pascal_context import PascalContext
from argus.datasets.transforms import JointRandomFlip, LoadSaliency, LoadImage, PackDense
from argus.evaluation.metrics import SaliencyMetric
from argus.models.backbones.shared import SharedBackbone
from argus.models.decoders import DenseEstimator, DensePreprocessor, SaliencyHead, DPTNetwork
from argus.models.losses import BalancedCELoss

_data_root = "data/scenes/pascal_mt"
_channels = 96
_load = [dict(type=LoadImage), dict(type=LoadSaliency, positive=255)]
_pack = dict(type=PackDense, fields=["saliency"])

saliency = dict(
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
            type=SaliencyHead,
            network=dict(
                type=DPTNetwork,
                in_channels=[_channels] * 4,
                channels=48,
                hidden_channels=32,
                norm_cfg=dict(type="GN", num_groups=8),
            ),
            loss=dict(type=BalancedCELoss),
        ),
    ),
    train=dict(
        dataset=dict(
            type=PascalContext,
            data_root=_data_root,
            ann_file="ImageSets/train.txt",
            labels=["saliency"],
            pipeline=[*_load, dict(type=JointRandomFlip, prob=0.5), _pack],
        ),
        batch_size=4,
        num_workers=1,
    ),
    val=dict(
        dataset=dict(
            type=PascalContext,
            data_root=_data_root,
            ann_file="ImageSets/val.txt",
            labels=["saliency"],
            test_mode=True,
            pipeline=[*_load, _pack],
        ),
        batch_size=8,
        num_workers=1,
    ),
    metrics=dict(type=SaliencyMetric),
    primary="maxF",
    lower_is_better=["MAE"],
    report=["maxF", "MAE"],
)
