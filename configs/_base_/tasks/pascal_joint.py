"""Two tasks on PASCAL-Context in one stream: one backbone pass, two decoders.

Human parts and saliency as in their own configs, from one batch with both labels. Images without
people have saliency alone and cost parsing nothing.
"""

from mmengine.config import read_base
from mmseg.datasets.transforms import PackSegInputs, PhotoMetricDistortion

from argus.datasets.transforms import (
    IfPresent,
    IgnoreEmpty,
    JointRandomCrop,
    JointRandomFlip,
    JointRandomResize,
    LoadImage,
    LoadSaliency,
    LoadSegMap,
    PackDense,
    PackTasks,
)

with read_base():
    from .pascal_parsing import pascal_parsing
    from .pascal_saliency import pascal_saliency

_stream = "pascal"
_num_classes = 7
_crop_size = (512, 512)  # not stated in paper: InvPT

_train_pipeline = [
    dict(type=LoadImage),
    dict(
        type=IfPresent,
        key="seg_map_path",
        transform=dict(type=LoadSegMap, num_classes=_num_classes),
    ),
    dict(
        type=IfPresent,
        key="saliency_path",
        transform=dict(type=LoadSaliency, threshold=127),  # not stated in paper: InvPT
    ),
    dict(type=JointRandomResize, ratio_range=(0.5, 2.0)),  # not stated in paper: InvPT
    # not stated: InvPT, which bounds the shares of its semantic classes instead
    dict(type=JointRandomCrop, size=_crop_size, cat_max_ratio=0.75),
    dict(type=IgnoreEmpty),  # not stated in paper: InvPT
    dict(type=JointRandomFlip, prob=0.5),  # not stated in paper: InvPT
    dict(type=PhotoMetricDistortion),  # not stated in paper: InvPT
    dict(
        type=PackTasks,
        packers=dict(
            parsing=dict(type=PackSegInputs),
            saliency=dict(type=PackDense, fields=["saliency"]),
        ),
        needs=dict(parsing=["gt_seg_map"], saliency=["gt_saliency"]),
    ),
]

pascal_saliency["train"]["dataset"].update(labels=["parsing", "saliency"], pipeline=_train_pipeline)
pascal_joint = dict(parsing=pascal_parsing, saliency=pascal_saliency)
for _task in pascal_joint.values():
    _task["stream"] = _stream
pascal_parsing.pop("train")  # its labels come with those of saliency
