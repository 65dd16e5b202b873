"""Depth of generated rooms, metres, with a small DPT."""

from mmengine.config import read_base

from argus.datasets.transforms import LoadDepth, PackDense
from argus.evaluation.metrics import DepthMetric
from argus.models.decoders import DepthHead
from argus.models.losses import GradientMatchingLoss, SILogLoss

with read_base():
    from .dense import dpt, rooms

depth = dict(
    decoder=dpt(
        dict(initial_output=3.0),
        type=DepthHead,
        max_depth=10.0,
        loss=dict(type=SILogLoss, mean_weight=0.15, warmup_steps=20),
        gradient_loss=dict(type=GradientMatchingLoss, loss_weight=0.5),
    ),
    **rooms("depth", dict(type=LoadDepth), dict(type=PackDense, fields=["depth"])),
    metrics=dict(type=DepthMetric, max_depth=10.0, crop=None),
    primary="abs_rel",
    lower_is_better=["abs_rel", "rmse"],
    report=["abs_rel", "rmse", "delta1"],
    units=dict(rmse="m"),
)
