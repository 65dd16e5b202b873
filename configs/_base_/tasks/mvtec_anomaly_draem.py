"""Anomaly detection on four categories of MVTec AD by segmenting synthetic defects (DRAEM).

The alternative to ``mvtec_anomaly``; the paper's 99.3 I-AUROC does not say which decoder it is of.
Data: ``data/mvtec_ad``, see data/README.md. DRAEM trains 700 epochs: 87,500 steps of 8 images, and
divides the learning rate by 5 at 80 % and 90 % of them. It paints with the textures of DTD; set
``texture_dir`` of ``SyntheticAnomaly`` to that set's ``images`` for the same.
The data have no validation pictures: ``val`` measures those of the test, and chooses nothing. To
choose by it, move some of them to ``<category>/validation/`` and set ``val.dataset.split`` to it.
"""

from mmengine.config import read_base

from argus.datasets.mvtec_ad import MVTEC_4, MVTecAD
from argus.datasets.transforms import (
    JointRandomRotate,
    JointResize,
    LoadAnomalyMask,
    LoadImage,
    PackDense,
    SyntheticAnomaly,
)
from argus.evaluation.metrics import AnomalyImageMetric, AnomalyPixelMetric

with read_base():
    from ..models.draem import draem

_data_root = "data/mvtec_ad"
_data_prefix = dict(img_path="")  # a split is a folder below each category, not below the root
_size = 256  # not stated in paper: DRAEM

_train_pipeline = [
    dict(type=LoadImage),
    dict(type=JointResize, scale=(_size, _size)),
    dict(type=JointRandomRotate, degrees=90, prob=0.3),  # not stated in paper: DRAEM's code
    dict(  # not stated in paper: DRAEM
        type=SyntheticAnomaly,
        prob=0.5,
        threshold=0.5,
        max_octave=5,
        image_share=(0.0, 0.8),
        texture_dir=None,
    ),
    dict(type=PackDense, fields=["anomaly_map"]),
]
_test_pipeline = [
    dict(type=LoadImage),
    dict(type=JointResize, scale=(_size, _size)),
    # After Resize: the metric compares at the original size.
    dict(type=LoadAnomalyMask),
    dict(type=PackDense, fields=["anomaly_map"]),
]

mvtec_anomaly_draem = dict(
    decoder=draem,
    train=dict(
        dataset=dict(
            type=MVTecAD,
            data_root=_data_root,
            data_prefix=_data_prefix,
            categories=MVTEC_4,
            split="train",
            pipeline=_train_pipeline,
        ),
        batch_size=8,  # not stated in paper: DRAEM, on one GPU
        num_workers=8,
        sampling="shuffle",
    ),
    val=dict(
        dataset=dict(
            type=MVTecAD,
            data_root=_data_root,
            data_prefix=_data_prefix,
            categories=MVTEC_4,
            split="test",
            test_mode=True,
            pipeline=_test_pipeline,
        ),
        batch_size=8,  # not stated in paper; does not change the result
        num_workers=4,
    ),
    metrics=[
        dict(type=AnomalyImageMetric),
        dict(type=AnomalyPixelMetric, categories=MVTEC_4),
    ],
    loss_weight=1.0,  # not stated in paper: a task of its own
    paper=dict(I_AUROC=0.993),
    primary="I_AUROC",
    report=["I_AUROC", "P_AUROC", "PRO"],  # not stated in paper: I-AUROC alone
    table="Paper, Table 2",
    licence="MVTec AD: CC BY-NC-SA 4.0",
)
