"""Three tasks on NYUv2's labelled images in one stream: one backbone pass, three decoders.

Semantic classes, boundaries and normals as in their own configs, from one batch with all labels. An
image that lacks one of them costs that task nothing. Depth has other images and its own stream.
"""

from mmengine.config import read_base
from mmseg.datasets.transforms import PackSegInputs

from argus.datasets.transforms import (
    IfPresent,
    JointRandomCrop,
    LoadBoundary,
    LoadNormals,
    LoadSegMap,
    PackDense,
    PackTasks,
)

with read_base():
    from .invpt import invpt_pipeline
    from .nyuv2_boundary import nyuv2_boundary
    from .nyuv2_normals import nyuv2_normals
    from .nyuv2_semantic import nyuv2_semantic

_stream = "nyuv2"

_train_pipeline = invpt_pipeline(
    load=[
        dict(type=IfPresent, key="seg_map_path", transform=dict(type=LoadSegMap, num_classes=40)),
        dict(
            type=IfPresent,
            key="boundary_path",
            transform=dict(type=LoadBoundary, positive=255),  # not stated in paper: the files
        ),
        dict(type=IfPresent, key="normal_path", transform=dict(type=LoadNormals)),
    ],
    # Height, width; not stated in paper: InvPT
    crop=dict(type=JointRandomCrop, size=(448, 576), cat_max_ratio=0.75),
    pack=dict(
        type=PackTasks,
        packers=dict(
            nyuv2_semantic=dict(type=PackSegInputs),
            boundary=dict(type=PackDense, fields=["boundary"]),
            normals=dict(type=PackDense, fields=["normals"]),
        ),
        needs=dict(nyuv2_semantic=["gt_seg_map"], boundary=["gt_boundary"], normals=["gt_normals"]),
    ),
)

nyuv2_semantic["train"]["dataset"].update(
    labels=["semantic", "boundary", "normals"], pipeline=_train_pipeline
)
nyuv2_joint = dict(nyuv2_semantic=nyuv2_semantic, boundary=nyuv2_boundary, normals=nyuv2_normals)
for _task in nyuv2_joint.values():
    _task["stream"] = _stream
for _name in ("boundary", "normals"):  # their labels come with the semantic ones
    nyuv2_joint[_name].pop("train")
