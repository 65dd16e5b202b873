"""Boundary detection on NYUv2 with UperNet: odsF 76.7 in the paper.

Data: ``data/nyuv2``, see data/README.md.
"""

from mmengine.config import read_base

from argus.datasets.transforms import JointRandomCrop, LoadBoundary, PackDense
from argus.evaluation.metrics import BoundaryMetric

with read_base():
    from ..models.upernet_boundary import upernet_boundary
    from .invpt import nyuv2_data

nyuv2_boundary = dict(
    decoder=upernet_boundary,
    **nyuv2_data(
        labels=["boundary"],
        load=[dict(type=LoadBoundary, positive=255)],  # not stated in paper: the files
        # Height, width; not stated in paper: InvPT, which also bounds the share of one semantic
        # class; their labels are not read here.
        crop=dict(type=JointRandomCrop, size=(448, 576)),
        pack=dict(type=PackDense, fields=["boundary"]),
    ),
    # not stated in paper: SEISM on NYUv2, as InvPT
    metrics=dict(type=BoundaryMetric, tolerance=0.011, border=5),
    paper=dict(odsF=0.767),
    primary="odsF",
    report=["odsF", "oisF", "AP"],  # not stated in paper: odsF alone
    table="Paper, Table 2",
)
