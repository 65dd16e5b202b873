"""Stage 2 on generated scenes: seven decoders on the frozen backbone, in one training.

    tools/dist_train.sh configs/scenes/stage2_7task.py 2

Four data streams: rooms carry depth, normals and boundaries, other scenes human parts and saliency;
tasks of one stream share a backbone pass. ``make demo`` runs it after stage 1.
"""

from mmengine.config import read_base
from mmseg.datasets.transforms import PackSegInputs

from argus.datasets.nyuv2 import NYUv2
from argus.datasets.pascal_context import PascalContext
from argus.datasets.transforms import (
    IfPresent,
    JointRandomFlip,
    LoadBoundary,
    LoadDepth,
    LoadImage,
    LoadNormals,
    LoadSaliency,
    LoadSegMap,
    PackDense,
    PackTasks,
)

with read_base():
    from .._base_.default_runtime import *
    from ._base_.argus_tiny_frozen import *
    from ._base_.stage2_schedule import *
    from ._base_.tasks.anomaly import anomaly
    from ._base_.tasks.boundary import boundary
    from ._base_.tasks.depth import depth
    from ._base_.tasks.normals import normals
    from ._base_.tasks.panoptic import panoptic
    from ._base_.tasks.parsing import parsing
    from ._base_.tasks.saliency import saliency

_max_iters = 300
train_cfg.update(max_iters=_max_iters)
param_scheduler[1].update(end=_max_iters, T_max=_max_iters - param_scheduler[0]["end"])
# At half the rate it takes a hundred steps more to come as far.
optim_wrapper["optimizer"].update(lr=4e-3)
# Four made it a quarter of a step, for a quality far above what the demo asks for.
panoptic["train"]["batch_size"] = 2

depth["stream"] = normals["stream"] = boundary["stream"] = "rooms"
normals["train"] = boundary["train"] = None
depth["train"] = dict(
    dataset=dict(
        type=NYUv2,
        data_root="data/scenes/nyuv2",
        ann_file="gt_sets/train.txt",
        labels=["depth", "normals", "boundary"],
        pipeline=[
            dict(type=LoadImage),
            dict(type=LoadDepth),
            dict(type=LoadNormals),
            dict(type=LoadBoundary, positive=255),
            dict(type=JointRandomFlip, prob=0.5),
            dict(
                type=PackTasks,
                packers=dict(
                    depth=dict(type=PackDense, fields=["depth"]),
                    normals=dict(type=PackDense, fields=["normals"]),
                    boundary=dict(type=PackDense, fields=["boundary"]),
                ),
            ),
        ],
    ),
    batch_size=4,
    num_workers=1,
)

parsing["stream"] = saliency["stream"] = "people"
parsing["train"] = None
saliency["train"] = dict(
    dataset=dict(
        type=PascalContext,
        data_root="data/scenes/pascal_mt",
        ann_file="ImageSets/train.txt",
        labels=["parsing", "saliency"],
        pipeline=[
            dict(type=LoadImage),
            dict(type=LoadSaliency, positive=255),
            dict(
                type=IfPresent, key="seg_map_path", transform=dict(type=LoadSegMap, num_classes=7)
            ),
            dict(type=JointRandomFlip, prob=0.5),
            dict(
                type=PackTasks,
                packers=dict(
                    parsing=dict(type=PackSegInputs),
                    saliency=dict(type=PackDense, fields=["saliency"]),
                ),
                needs=dict(parsing=["gt_seg_map"]),
            ),
        ],
    ),
    batch_size=4,
    num_workers=1,
)

tasks = dict(
    panoptic=panoptic,
    depth=depth,
    boundary=boundary,
    normals=normals,
    parsing=parsing,
    saliency=saliency,
    anomaly=anomaly,
)
