"""Salient objects of SOD with DPT: maxF of the saliency field, beside the other protocols.

Data: ``data/small/sod``, see data/README.md; its 300 pictures are of BSDS500. It trains on the 200
of ``train`` and is tested on the 100 of ``val``. Published maxF, trained on other sets and tested
on all 300: DSS .844, PiCANet .853.
"""

from mmengine.config import read_base

from argus.datasets.transforms import LoadSaliency
from argus.evaluation.metrics import SaliencyMetric
from argus.models.decoders import DPTNetwork, SaliencyHead
from argus.models.losses import BalancedCELoss

with read_base():
    from .bsds import bsds_data, bsds_decoder

_width = 384  # of the backbone
_load = dict(type=LoadSaliency, threshold=127)

sod_saliency = dict(
    decoder=bsds_decoder(
        dict(
            type=SaliencyHead,
            network=dict(
                type=DPTNetwork,
                in_channels=(_width,) * 4,
                channels=128,
                hidden_channels=32,
                norm_cfg=dict(type="GN", num_groups=32),
            ),
            loss=dict(type=BalancedCELoss),
        )
    ),
    **bsds_data(
        "saliency",
        train=dict(img_path="bsds500/images/train", saliency_path="sod/masks"),
        val=dict(img_path="bsds500/images/val", saliency_path="sod/masks"),
        load=_load,
        load_val=_load,
    ),
    metrics=dict(type=SaliencyMetric),
    primary="maxF_image",
    lower_is_better=["MAE"],
    report=["maxF_image", "maxF", "maxF_sigmoid", "mF", "MAE", "S_measure", "E_max"],
    licence="SOD: research; pictures of BSDS500: non-commercial research",
)
