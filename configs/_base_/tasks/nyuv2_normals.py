"""Surface normals on NYUv2 with UperNet: mean angular error 18.6 degrees in the paper.

Data: ``data/nyuv2``, see data/README.md.
"""

from mmengine.config import read_base

from argus.datasets.transforms import JointRandomCrop, LoadNormals, PackDense
from argus.evaluation.metrics import NormalsMetric

with read_base():
    from ..models.upernet_normals import upernet_normals
    from .invpt import nyuv2_data

nyuv2_normals = dict(
    decoder=upernet_normals,
    **nyuv2_data(
        labels=["normals"],
        load=[dict(type=LoadNormals)],
        # Height, width; not stated in paper: InvPT, which also bounds the share of one semantic
        # class; their labels are not read here.
        crop=dict(type=JointRandomCrop, size=(448, 576)),
        pack=dict(type=PackDense, fields=["normals"]),
    ),
    metrics=dict(type=NormalsMetric),
    paper=dict(mErr=18.6),  # degrees
    primary="mErr",
    lower_is_better=["mErr", "median"],
    # not stated in paper: the mean error alone
    report=["mErr", "median", "within_11_25", "within_22_5", "within_30"],
    units=dict(mErr="degrees", median="degrees"),
    table="Paper, Table 2",
)
