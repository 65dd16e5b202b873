"""Boundaries of BSDS500 with UperNet: ODS, OIS and AP against several people.

Data: ``data/small/bsds500``, see data/README.md. It trains on the 200 pictures of ``train`` alone,
since those of ``val`` test saliency, and is tested on the 200 of ``test``. Published on them,
trained on ``train`` and ``val``: gPb-owt-ucm .73 / .76 / .73, HED .79 / .81 / .84, people .80.
"""

from mmengine.config import read_base  # noqa: F401  marks a new-style config
from mmseg.datasets.transforms import PhotoMetricDistortion

from argus.datasets.bsds500 import BSDS500
from argus.datasets.transforms import (
    JointRandomCrop,
    JointRandomFlip,
    JointRandomResize,
    LoadBoundaryPeople,
    LoadImage,
    PackDense,
)
from argus.evaluation.metrics import BoundaryMetric
from argus.models.backbones.shared import SharedBackbone
from argus.models.decoders import BoundaryHead, DenseEstimator, DensePreprocessor, UPerNetwork
from argus.models.losses import BalancedBCELoss

_data_root = "data/small"
_width = 384  # of the backbone
_crop_size = (320, 320)

bsds_boundary = dict(
    decoder=dict(
        type=DenseEstimator,
        data_preprocessor=dict(
            type=DensePreprocessor,
            mean=[123.675, 116.28, 103.53],
            std=[58.395, 57.12, 57.375],
            bgr_to_rgb=True,
            pad_val=0,
            size=_crop_size,
            test_cfg=dict(size_divisor=32),
        ),
        backbone=dict(type=SharedBackbone),
        head=dict(
            type=BoundaryHead,
            network=dict(
                type=UPerNetwork,
                in_channels=[_width] * 4,
                channels=128,
                pool_scales=(1, 2, 3, 6),
                norm_cfg=dict(type="GN", num_groups=32),
                align_corners=False,
            ),
            loss=dict(type=BalancedBCELoss, positive_weight=0.9),
        ),
        test_cfg=dict(flip=False),
    ),
    train=dict(
        dataset=dict(
            type=BSDS500,
            data_root=_data_root,
            data_prefix=dict(
                img_path="bsds500/images/train", boundary_path="bsds500/groundTruth/train"
            ),
            labels=["boundary"],
            pipeline=[
                dict(type=LoadImage),
                dict(type=LoadBoundaryPeople, agreement=0.5),
                dict(type=JointRandomResize, ratio_range=(1.0, 1.5)),
                dict(type=JointRandomCrop, size=_crop_size),
                dict(type=JointRandomFlip, prob=0.5),
                dict(type=PhotoMetricDistortion),
                dict(type=PackDense, fields=["boundary"]),
            ],
        ),
        batch_size=4,
        num_workers=1,
        sampling="shuffle",
    ),
    val=dict(
        dataset=dict(
            type=BSDS500,
            data_root=_data_root,
            data_prefix=dict(
                img_path="bsds500/images/test", boundary_path="bsds500/groundTruth/test"
            ),
            labels=["boundary"],
            test_mode=True,
            pipeline=[
                dict(type=LoadImage),
                dict(type=LoadBoundaryPeople, agreement=None),
                dict(type=PackDense, fields=["boundary"]),
            ],
        ),
        batch_size=1,
        num_workers=1,
    ),
    metrics=dict(type=BoundaryMetric, tolerance=0.0075, border=0),
    loss_weight=1.0,
    lr_mult=3.0,
    primary="odsF",
    report=["odsF", "oisF", "AP"],
    licence="BSDS500: non-commercial research",
)
