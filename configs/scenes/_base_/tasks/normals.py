"""Surface normals of generated rooms with a small UperNet."""

from mmengine.config import read_base

from argus.datasets.transforms import LoadNormals, PackDense
from argus.evaluation.metrics import NormalsMetric
from argus.models.decoders import NormalsHead
from argus.models.losses import NormalsL1Loss

with read_base():
    from .dense import rooms, upernet

normals = dict(
    decoder=upernet(type=NormalsHead, loss=dict(type=NormalsL1Loss)),
    **rooms("normals", dict(type=LoadNormals), dict(type=PackDense, fields=["normals"])),
    metrics=dict(type=NormalsMetric),
    primary="mErr",
    lower_is_better=["mErr", "median"],
    report=["mErr", "median", "within_11_25"],
    units=dict(mErr="degrees", median="degrees"),
)
