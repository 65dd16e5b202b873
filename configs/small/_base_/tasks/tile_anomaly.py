"""Defects of magnetic tiles: SimpleNet's head, and the DRAEM-style one, by image and pixel AUROC.

Data: ``data/small/magnetic_tile``, see data/README.md, in the layout of MVTec AD: 350 flawless
tiles to train on; 150 flawless ones and five kinds of defect to test, a split of our own. There are
no validation pictures: ``val`` measures those of the test, and chooses nothing.
"""

from mmengine.config import read_base  # noqa: F401  marks a new-style config

from argus.datasets.mvtec_ad import MVTecAD
from argus.datasets.transforms import (
    JointRandomFlip,
    JointResize,
    LoadAnomalyMask,
    LoadImage,
    PackDense,
    SyntheticAnomaly,
)
from argus.evaluation.metrics import AnomalyImageMetric, AnomalyPixelMetric
from argus.models.backbones.shared import SharedBackbone
from argus.models.decoders import AnomalyDetector, DensePreprocessor, DRAEMHead, SimpleNetHead

_data_root = "data/small/magnetic_tile"
_data_prefix = dict(img_path="")  # a split is a folder below each category, not below the root
_categories = ("tile",)
_width = 384  # of the backbone
_size = (256, 256)

tile_simplenet = dict(
    decoder=dict(
        type=AnomalyDetector,
        data_preprocessor=dict(
            type=DensePreprocessor,
            mean=[123.675, 116.28, 103.53],
            std=[58.395, 57.12, 57.375],
            bgr_to_rgb=True,
            size_divisor=32,
        ),
        backbone=dict(type=SharedBackbone),
        categories=_categories,
        joint=False,
        head=dict(
            type=SimpleNetHead,
            in_channels=[_width, _width],
            in_index=[1, 2],
            hidden_channels=512,
            noise_std=0.015,
            margin=0.5,
            blur_sigma=4.0,
            statistics_images=200,
        ),
    ),
    train=dict(
        dataset=dict(
            type=MVTecAD,
            data_root=_data_root,
            data_prefix=_data_prefix,
            categories=_categories,
            split="train",
            # Nothing at random: an epoch shows the pixels of the one before, and the maps are
            # read from the cache.
            pipeline=[
                dict(type=LoadImage),
                dict(type=JointResize, scale=_size),
                dict(type=PackDense),
            ],
        ),
        batch_size=8,
        num_workers=1,
        sampling="shuffle",
    ),
    val=dict(
        dataset=dict(
            type=MVTecAD,
            data_root=_data_root,
            data_prefix=_data_prefix,
            categories=_categories,
            split="test",
            test_mode=True,
            pipeline=[
                dict(type=LoadImage),
                dict(type=JointResize, scale=_size),
                # After Resize: the metric compares at the original size.
                dict(type=LoadAnomalyMask),
                dict(type=PackDense, fields=["anomaly_map"]),
            ],
        ),
        batch_size=4,
        num_workers=1,
    ),
    metrics=[
        dict(type=AnomalyImageMetric),
        dict(type=AnomalyPixelMetric, categories=_categories),
    ],
    loss_weight=1.0,
    primary="I_AUROC",
    report=["I_AUROC", "P_AUROC", "PRO"],
    licence="Magnetic tile defects: research; Huang et al., The Visual Computer 2018",
)
tile_draem = dict(
    tile_simplenet,
    decoder=dict(
        tile_simplenet["decoder"],
        head=dict(
            type=DRAEMHead,
            in_channels=[_width] * 4,
            channels=128,
            norm_cfg=dict(type="GN", num_groups=32),
            gamma=2.0,
            score_window=21,
        ),
    ),
    train=dict(
        tile_simplenet["train"],
        dataset=dict(
            tile_simplenet["train"]["dataset"],
            pipeline=[
                dict(type=LoadImage),
                dict(type=JointResize, scale=_size),
                dict(type=JointRandomFlip, prob=0.5),
                dict(
                    type=SyntheticAnomaly,
                    prob=0.5,
                    threshold=0.5,
                    max_octave=5,
                    image_share=(0.0, 0.8),
                    texture_dir=None,
                ),
                dict(type=PackDense, fields=["anomaly_map"]),
            ],
        ),
    ),
)
