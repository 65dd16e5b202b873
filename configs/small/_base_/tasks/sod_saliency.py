"""Salient objects of SOD with DPT: maxF of the saliency field, beside the other protocols.

Data: ``data/small/sod``, see data/README.md; its 300 pictures are of BSDS500. It trains on the 200
of ``train`` and is tested on the 100 of ``val``. Published maxF, trained on other sets and tested
on all 300: DSS .844, PiCANet .853.
"""

from mmengine.config import read_base  # noqa: F401  marks a new-style config
from mmseg.datasets.transforms import PhotoMetricDistortion

from argus.datasets.bsds500 import BSDS500
from argus.datasets.transforms import (
    JointRandomCrop,
    JointRandomFlip,
    JointRandomResize,
    LoadImage,
    LoadSaliency,
    PackDense,
)
from argus.evaluation.metrics import SaliencyMetric
from argus.models.backbones.shared import SharedBackbone
from argus.models.decoders import DenseEstimator, DensePreprocessor, DPTNetwork, SaliencyHead
from argus.models.losses import BalancedCELoss

_data_root = "data/small"
_width = 384  # of the backbone
_crop_size = (320, 320)

sod_saliency = dict(
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
            type=SaliencyHead,
            network=dict(
                type=DPTNetwork,
                in_channels=(_width,) * 4,
                channels=128,
                hidden_channels=32,
                norm_cfg=dict(type="GN", num_groups=32),
            ),
            loss=dict(type=BalancedCELoss),
        ),
        test_cfg=dict(flip=False),
    ),
    train=dict(
        dataset=dict(
            type=BSDS500,
            data_root=_data_root,
            data_prefix=dict(img_path="bsds500/images/train", saliency_path="sod/masks"),
            labels=["saliency"],
            pipeline=[
                dict(type=LoadImage),
                dict(type=LoadSaliency, threshold=127),
                dict(type=JointRandomResize, ratio_range=(1.0, 1.5)),
                dict(type=JointRandomCrop, size=_crop_size),
                dict(type=JointRandomFlip, prob=0.5),
                dict(type=PhotoMetricDistortion),
                dict(type=PackDense, fields=["saliency"]),
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
            data_prefix=dict(img_path="bsds500/images/val", saliency_path="sod/masks"),
            labels=["saliency"],
            test_mode=True,
            pipeline=[
                dict(type=LoadImage),
                dict(type=LoadSaliency, threshold=127),
                dict(type=PackDense, fields=["saliency"]),
            ],
        ),
        batch_size=1,
        num_workers=1,
    ),
    metrics=dict(type=SaliencyMetric),
    loss_weight=1.0,
    lr_mult=3.0,
    primary="maxF_image",
    lower_is_better=["MAE"],
    report=["maxF_image", "maxF", "maxF_sigmoid", "mF", "MAE", "S_measure", "E_max"],
    licence="SOD: research; pictures of BSDS500: non-commercial research",
)
