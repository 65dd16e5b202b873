"""Boundaries of BSDS500 with UperNet: ODS, OIS and AP against several people.

Data: ``data/small/bsds500``, see data/README.md. It trains on the 200 pictures of ``train`` alone,
since those of ``val`` test saliency, and is tested on the 200 of ``test``. Published on them,
trained on ``train`` and ``val``: gPb-owt-ucm .73 / .76 / .73, HED .79 / .81 / .84, people .80.
"""

from mmengine.config import read_base

from argus.datasets.transforms import LoadBoundaryPeople
from argus.evaluation.metrics import BoundaryMetric
from argus.models.decoders import BoundaryHead, UPerNetwork
from argus.models.losses import BalancedBCELoss

with read_base():
    from .bsds import bsds_data, bsds_decoder

_width = 384  # of the backbone

bsds_boundary = dict(
    decoder=bsds_decoder(
        dict(
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
        )
    ),
    **bsds_data(
        "boundary",
        train=dict(img_path="bsds500/images/train", boundary_path="bsds500/groundTruth/train"),
        val=dict(img_path="bsds500/images/test", boundary_path="bsds500/groundTruth/test"),
        load=dict(type=LoadBoundaryPeople, agreement=0.5),
        load_val=dict(type=LoadBoundaryPeople, agreement=None),
    ),
    metrics=dict(type=BoundaryMetric, tolerance=0.0075, border=0),
    primary="odsF",
    report=["odsF", "oisF", "AP"],
    licence="BSDS500: non-commercial research",
)
