"""Boundary decoder: UperNet with one logit per pixel, NYUv2 at 448 x 576.

The recipe is that of the boundary task of InvPT and ATRC. See ``dense.py``.
"""

from mmengine.config import read_base

from argus.models.decoders import BoundaryHead
from argus.models.losses import BalancedBCELoss

with read_base():
    from .dense import dense_model, upernet_network

upernet_boundary = dense_model(
    size=(448, 576),  # height, width; not stated in paper: InvPT, images of 425 x 560 padded
    head=dict(
        type=BoundaryHead,
        network=upernet_network(dropout_ratio=0.1),  # not stated in paper: mmseg's UperNet
        loss=dict(
            type=BalancedBCELoss,
            positive_weight=0.95,  # not stated in paper: InvPT
            loss_weight=1.0,  # not stated in paper: InvPT has 50 beside other tasks
        ),
    ),
)
