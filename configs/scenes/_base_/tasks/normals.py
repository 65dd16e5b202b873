"""Surface normals of generated rooms with a small UperNet."""

from mmengine.config import read_base  # noqa: F401  marks a new-style config

from argus.datasets.nyuv2 import NYUv2
from argus.datasets.transforms import JointRandomFlip, LoadNormals, LoadImage, PackDense
from argus.evaluation.metrics import NormalsMetric
from argus.models.backbones.shared import SharedBackbone
from argus.models.decoders import DenseEstimator, DensePreprocessor, NormalsHead, UPerNetwork
from argus.models.losses import NormalsL1Loss

_data_root = "data/scenes/nyuv2"
_channels = 96
_load = [dict(type=LoadImage), dict(type=LoadNormals)]
_pack = dict(type=PackDense, fields=["normals"])

normals = dict(
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
            type=NormalsHead,
            network=dict(
                type=UPerNetwork,
                in_channels=[_channels] * 4,
                channels=48,
                pool_scales=(1, 2, 4),
                norm_cfg=dict(type="GN", num_groups=8),
            ),
            loss=dict(type=NormalsL1Loss),
        ),
    ),
    train=dict(
        dataset=dict(
            type=NYUv2,
            data_root=_data_root,
            ann_file="gt_sets/train.txt",
            labels=["normals"],
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
            labels=["normals"],
            test_mode=True,
            pipeline=[*_load, _pack],
        ),
        batch_size=8,
        num_workers=1,
    ),
    metrics=dict(type=NormalsMetric),
    primary="mErr",
    lower_is_better=["mErr", "median"],
    report=["mErr", "median", "within_11_25"],
    units=dict(mErr="degrees", median="degrees"),
)
