"""Anomaly detection on four categories of MVTec AD: 99.3 I-AUROC in the paper (Base).

Data: ``data/mvtec_ad``, see data/README.md. 998 flawless training pictures, 499 test pictures;
20,000 steps of 8 images are 160 epochs, as long as SimpleNet trains. SimpleNet's adaptor has half
the learning rate of its discriminator and a thousand times its weight decay, here through
``paramwise_cfg`` of the training config: names begin with
``decoders.<task>.heads.<category>.adaptor``. The result is that of the
last step: SimpleNet's code reports the epoch that is best on the test set.
The data have no validation pictures: ``val`` measures those of the test, and chooses nothing. To
choose by it, move some of them to ``<category>/validation/`` and set ``val.dataset.split`` to it.
"""

from mmcv.transforms import CenterCrop
from mmengine.config import read_base

from argus.datasets.mvtec_ad import MVTEC_4, MVTecAD
from argus.datasets.transforms import JointResize, LoadAnomalyMask, LoadImage, PackDense
from argus.evaluation.metrics import AnomalyImageMetric, AnomalyPixelMetric

with read_base():
    from ..models.simplenet import simplenet

_data_root = "data/mvtec_ad"
_data_prefix = dict(img_path="")  # a split is a folder below each category, not below the root
_resized, _cropped = 329, 288  # not stated in paper: SimpleNet; 288 = 9 x 32

_train_pipeline = [
    dict(type=LoadImage),
    dict(type=JointResize, scale=(_resized, _resized)),
    dict(type=CenterCrop, crop_size=(_cropped, _cropped)),
    dict(type=PackDense),
]
_test_pipeline = [
    dict(type=LoadImage),
    dict(type=JointResize, scale=(_resized, _resized)),
    dict(type=CenterCrop, crop_size=(_cropped, _cropped)),
    # After the crop: the metric compares at the original size.
    dict(type=LoadAnomalyMask),
    dict(type=PackDense, fields=["anomaly_map"]),
]

mvtec_anomaly = dict(
    decoder=simplenet,
    train=dict(
        dataset=dict(
            type=MVTecAD,
            data_root=_data_root,
            data_prefix=_data_prefix,
            categories=MVTEC_4,
            split="train",
            pipeline=_train_pipeline,
        ),
        batch_size=8,  # not stated in paper: SimpleNet, on one GPU
        num_workers=4,
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
        # As SimpleNet, pixels are compared in the crop alone.
        dict(type=AnomalyPixelMetric, categories=MVTEC_4, central_share=_cropped / _resized),
    ],
    loss_weight=1.0,  # not stated in paper: a task of its own
    paper=dict(I_AUROC=0.993),
    primary="I_AUROC",
    report=["I_AUROC", "P_AUROC", "PRO"],  # not stated in paper: I-AUROC alone
    table="Paper, Table 2",
    licence="MVTec AD: CC BY-NC-SA 4.0",
)
