"""Surface normal decoder: UperNet with three components per pixel, NYUv2 at 448 x 576.

The recipe is that of the normals task of InvPT and ATRC. The cosine in place of L1:
``head.loss=dict(type=NormalsCosineLoss)``. See ``dense.py``.
"""

from mmengine.config import read_base

from argus.models.decoders import NormalsHead
from argus.models.losses import NormalsL1Loss

with read_base():
    from .dense import dense_model, upernet_network

upernet_normals = dense_model(
    size=(448, 576),  # height, width; not stated in paper: InvPT, images of 425 x 560 padded
    head=dict(
        type=NormalsHead,
        # not stated in paper; guess: dropout disturbs a regression
        network=upernet_network(dropout_ratio=0.0),
        loss=dict(
            type=NormalsL1Loss,
            loss_weight=1.0,  # not stated in paper: InvPT has 10 beside other tasks
        ),
    ),
)
