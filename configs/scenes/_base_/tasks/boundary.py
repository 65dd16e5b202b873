"""Boundaries of generated rooms with a small UperNet."""

from mmengine.config import read_base

from argus.datasets.transforms import LoadBoundary, PackDense
from argus.evaluation.metrics import BoundaryMetric
from argus.models.decoders import BoundaryHead
from argus.models.losses import BalancedBCELoss

with read_base():
    from .dense import rooms, upernet

boundary = dict(
    decoder=upernet(type=BoundaryHead, loss=dict(type=BalancedBCELoss, positive_weight=0.8)),
    **rooms(
        "boundary",
        dict(type=LoadBoundary, positive=255),
        dict(type=PackDense, fields=["boundary"]),
    ),
    metrics=dict(type=BoundaryMetric),
    primary="odsF",
    report=["odsF", "oisF", "AP"],
)
