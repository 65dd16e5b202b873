"""Saliency decoder: DPT with background and foreground, PASCAL-Context at 512 x 512.

The loss is that of the saliency task of ASTMT and InvPT. See ``dense.py``.
"""

from mmengine.config import read_base

from argus.models.decoders import DPTNetwork, SaliencyHead
from argus.models.losses import BalancedCELoss

with read_base():
    from .dense import dense_model

dpt_saliency = dense_model(
    size=(512, 512),  # not stated in paper: InvPT
    head=dict(
        type=SaliencyHead,
        network=dict(
            type=DPTNetwork,
            in_channels=(768, 768, 768, 768),
            channels=256,  # not stated in paper: DPT
            hidden_channels=32,  # not stated in paper: DPT
            norm_cfg=None,  # not stated in paper: DPT; dict(type="GN", num_groups=32) works
        ),
        loss=dict(
            type=BalancedCELoss,
            loss_weight=1.0,  # not stated in paper: InvPT has 5 beside other tasks
        ),
    ),
)
