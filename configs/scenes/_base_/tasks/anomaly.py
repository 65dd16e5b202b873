"""Anomaly detection on generated pictures, a die and a stone floor, with a small DRAEM head.

The segmentation of synthetic defects: SimpleNet's head asks for features that vary little from one
flawless patch to the next, which those of a small backbone do not. The head and its settings were
chosen on the validation pictures; those of the test are looked at by tools/test.py alone.
"""

from mmengine.config import read_base

from argus.datasets.mvtec_ad import MVTecAD
from argus.datasets.transforms import LoadAnomalyMask, LoadImage, PackDense, SyntheticAnomaly
from argus.evaluation.metrics import AnomalyImageMetric, AnomalyPixelMetric
from argus.models.decoders import DRAEMHead

with read_base():
    from ...._base_.models.anomaly import anomaly_model as _anomaly_model

_dataset = dict(
    type=MVTecAD,
    data_root="data/scenes/mvtec_ad",
    # A split is a folder below each category, not below the root.
    data_prefix=dict(img_path=""),
    categories=("dice", "terrazzo"),
)
_channels = 96


def _measured(split):
    return dict(
        dataset=dict(
            **_dataset,
            split=split,
            test_mode=True,
            pipeline=[
                dict(type=LoadImage),
                dict(type=LoadAnomalyMask),
                dict(type=PackDense, fields=["anomaly_map"]),
            ],
        ),
        batch_size=8,
        num_workers=1,
    )


anomaly = dict(
    decoder=dict(
        _anomaly_model(
            dict(
                type=DRAEMHead,
                in_channels=[_channels] * 4,
                channels=32,
                norm_cfg=dict(type="GN", num_groups=8),
                score_window=21,
            )
        ),
        categories=_dataset["categories"],
    ),
    train=dict(
        dataset=dict(
            **_dataset,
            split="train",
            pipeline=[
                dict(type=LoadImage),
                dict(type=SyntheticAnomaly, prob=0.75, max_octave=4, erase_prob=0.5, min_change=12),
                dict(type=PackDense, fields=["anomaly_map"]),
            ],
        ),
        batch_size=8,  # of sixteen, the backbone's pass is two fifths of a step of seven tasks
        num_workers=1,
    ),
    val=_measured("validation"),
    test=_measured("test"),
    metrics=[
        dict(type=AnomalyImageMetric),
        dict(type=AnomalyPixelMetric, categories=_dataset["categories"]),
    ],
    primary="I_AUROC",
    report=["I_AUROC", "P_AUROC", "PRO"],
)
