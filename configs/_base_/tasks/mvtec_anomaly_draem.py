"""Anomaly detection on four categories of MVTec AD by segmenting synthetic defects (DRAEM).

The alternative to ``mvtec_anomaly``; the paper's 99.3 I-AUROC does not say which decoder it is of.
Data: ``data/mvtec_ad``, see data/README.md and ``mvtec.py``. DRAEM trains 700 epochs: 87,500
steps of 8 images, and divides the learning rate by 5 at 80 % and 90 % of them. It paints with the
textures of DTD; set ``texture_dir`` of ``SyntheticAnomaly`` to that set's ``images`` for the same.
"""

from mmengine.config import read_base

from argus.datasets.transforms import JointRandomRotate, JointResize, PackDense, SyntheticAnomaly

with read_base():
    from ..models.draem import draem
    from .mvtec import mvtec_data

_size = 256  # not stated in paper: DRAEM

mvtec_anomaly_draem = dict(
    decoder=draem,
    **mvtec_data(
        resize=[dict(type=JointResize, scale=(_size, _size))],
        train=[
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
        ],
        num_workers=8,
    ),
)
