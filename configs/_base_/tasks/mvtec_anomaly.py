"""Anomaly detection on four categories of MVTec AD: 99.3 I-AUROC in the paper (Base).

Data: ``data/mvtec_ad``, see data/README.md and ``mvtec.py``. 20,000 steps of 8 images are 160
epochs, as long as SimpleNet trains. SimpleNet's adaptor has half the learning rate of its
discriminator and a thousand times its weight decay, here through ``paramwise_cfg`` of the training
config: names begin with ``decoders.<task>.heads.<category>.adaptor``. The result is that of the
last step: SimpleNet's code reports the epoch that is best on the test set.
"""

from mmcv.transforms import CenterCrop
from mmengine.config import read_base

from argus.datasets.transforms import JointResize, PackDense

with read_base():
    from ..models.simplenet import simplenet
    from .mvtec import mvtec_data

_resized, _cropped = 329, 288  # not stated in paper: SimpleNet; 288 = 9 x 32

mvtec_anomaly = dict(
    decoder=simplenet,
    **mvtec_data(
        resize=[
            dict(type=JointResize, scale=(_resized, _resized)),
            dict(type=CenterCrop, crop_size=(_cropped, _cropped)),
        ],
        train=[dict(type=PackDense)],
        num_workers=4,
        # As SimpleNet, pixels are compared in the crop alone.
        central_share=_cropped / _resized,
    ),
)
