"""Three tasks on NYUv2's labelled images in one stream: one backbone pass, three decoders.

Semantic classes, boundaries and normals as in their own configs, from one batch with all labels. An
image that lacks one of them costs that task nothing. Depth has other images and its own stream.
"""

from mmengine.config import read_base
from mmseg.datasets.transforms import PackSegInputs, PhotoMetricDistortion

from argus.datasets.transforms import (
    IfPresent,
    JointRandomCrop,
    JointRandomFlip,
    JointRandomResize,
    LoadBoundary,
    LoadImage,
    LoadNormals,
    LoadSegMap,
    PackDense,
    PackTasks,
)

with read_base():
    from .nyuv2_boundary import nyuv2_boundary
    from .nyuv2_normals import nyuv2_normals
    from .nyuv2_semantic import nyuv2_semantic

_stream = "nyuv2"
_num_classes = 40
_crop_size = (448, 576)  # height, width; not stated in paper: InvPT

_train_pipeline = [
    dict(type=LoadImage),
    dict(
        type=IfPresent,
        key="seg_map_path",
        transform=dict(type=LoadSegMap, num_classes=_num_classes),
    ),
    dict(
        type=IfPresent,
        key="boundary_path",
        transform=dict(type=LoadBoundary, positive=255),  # not stated in paper: the files
    ),
    dict(type=IfPresent, key="normal_path", transform=dict(type=LoadNormals)),
    dict(type=JointRandomResize, ratio_range=(0.5, 2.0)),  # not stated in paper: InvPT
    dict(type=JointRandomCrop, size=_crop_size, cat_max_ratio=0.75),  # not stated: InvPT
    dict(type=JointRandomFlip, prob=0.5),  # not stated in paper: InvPT
    dict(type=PhotoMetricDistortion),  # not stated in paper: InvPT
    dict(
        type=PackTasks,
        packers=dict(
            nyuv2_semantic=dict(type=PackSegInputs),
            boundary=dict(type=PackDense, fields=["boundary"]),
            normals=dict(type=PackDense, fields=["normals"]),
        ),
        needs=dict(nyuv2_semantic=["gt_seg_map"], boundary=["gt_boundary"], normals=["gt_normals"]),
    ),
]

nyuv2_semantic["train"]["dataset"].update(
    labels=["semantic", "boundary", "normals"], pipeline=_train_pipeline
)
nyuv2_joint = dict(nyuv2_semantic=nyuv2_semantic, boundary=nyuv2_boundary, normals=nyuv2_normals)
for _task in nyuv2_joint.values():
    _task["stream"] = _stream
for _name in ("boundary", "normals"):  # their labels come with the semantic ones
    nyuv2_joint[_name].pop("train")
