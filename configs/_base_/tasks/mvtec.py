"""The data of four categories of MVTec AD: 998 flawless training pictures, 499 test pictures.

There are no validation pictures: ``val`` measures those of the test, and chooses nothing. To choose
by it, move some of them to ``<category>/validation/`` and set ``val.dataset.split`` to it.
"""

from mmengine.config import read_base  # noqa: F401  marks a new-style config

from argus.datasets.mvtec_ad import MVTEC_4, MVTecAD
from argus.datasets.transforms import LoadAnomalyMask, LoadImage, PackDense
from argus.evaluation.metrics import AnomalyImageMetric, AnomalyPixelMetric

_dataset = dict(
    type=MVTecAD,
    data_root="data/mvtec_ad",
    # A split is a folder below each category, not below the root.
    data_prefix=dict(img_path=""),
    categories=MVTEC_4,
)


def mvtec_data(*, resize, train, num_workers, **pixel_metric):
    """Data and metrics; ``resize`` are steps of all pictures, ``train`` those of training."""
    return dict(
        train=dict(
            dataset=dict(
                **_dataset, split="train", pipeline=[dict(type=LoadImage), *resize, *train]
            ),
            batch_size=8,  # not stated in paper: SimpleNet and DRAEM, on one GPU
            num_workers=num_workers,
            sampling="shuffle",
        ),
        val=dict(
            dataset=dict(
                **_dataset,
                split="test",
                test_mode=True,
                pipeline=[
                    dict(type=LoadImage),
                    *resize,
                    # After the resize: the metric compares at the original size.
                    dict(type=LoadAnomalyMask),
                    dict(type=PackDense, fields=["anomaly_map"]),
                ],
            ),
            batch_size=8,  # not stated in paper; does not change the result
            num_workers=4,
        ),
        metrics=[
            dict(type=AnomalyImageMetric),
            dict(type=AnomalyPixelMetric, categories=MVTEC_4, **pixel_metric),
        ],
        loss_weight=1.0,  # not stated in paper: a task of its own
        paper=dict(I_AUROC=0.993),
        primary="I_AUROC",
        report=["I_AUROC", "P_AUROC", "PRO"],  # not stated in paper: I-AUROC alone
        table="Paper, Table 2",
        licence="MVTec AD: CC BY-NC-SA 4.0",
    )
