"""Saliency of generated scenes with a small DPT."""

from mmengine.config import read_base

from argus.datasets.transforms import LoadSaliency, PackDense
from argus.evaluation.metrics import SaliencyMetric
from argus.models.decoders import SaliencyHead
from argus.models.losses import BalancedCELoss

with read_base():
    from .dense import dpt, people

saliency = dict(
    decoder=dpt(type=SaliencyHead, loss=dict(type=BalancedCELoss)),
    **people(
        "saliency",
        dict(type=LoadSaliency, positive=255),
        dict(type=PackDense, fields=["saliency"]),
    ),
    metrics=dict(type=SaliencyMetric),
    primary="maxF",
    lower_is_better=["MAE"],
    report=["maxF", "MAE"],
)
