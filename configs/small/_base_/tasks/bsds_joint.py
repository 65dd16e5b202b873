"""Boundaries and saliency on the same pictures in one stream: one backbone pass, two decoders."""

from mmengine.config import read_base

from argus.datasets.transforms import (
    IfPresent,
    LoadBoundaryPeople,
    LoadSaliency,
    PackDense,
    PackTasks,
)

with read_base():
    from .bsds import bsds_pipeline
    from .bsds_boundary import bsds_boundary
    from .sod_saliency import sod_saliency

_train = bsds_boundary["train"]["dataset"]
_train["labels"] = ["boundary", "saliency"]
_train["data_prefix"]["saliency_path"] = "sod/masks"
_train["pipeline"] = bsds_pipeline(
    load=[
        dict(
            type=IfPresent,
            key="boundary_path",
            transform=dict(type=LoadBoundaryPeople, agreement=0.5),
        ),
        dict(type=IfPresent, key="saliency_path", transform=dict(type=LoadSaliency, threshold=127)),
    ],
    pack=dict(
        type=PackTasks,
        packers=dict(
            boundary=dict(type=PackDense, fields=["boundary"]),
            saliency=dict(type=PackDense, fields=["saliency"]),
        ),
        needs=dict(boundary=["gt_boundary"], saliency=["gt_saliency"]),
    ),
)
bsds_joint = dict(boundary=bsds_boundary, saliency=sod_saliency)
for _task in bsds_joint.values():
    _task["stream"] = "bsds"
sod_saliency.pop("train")  # its labels come with the boundaries
