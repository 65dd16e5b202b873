"""Two tasks on PASCAL-Context in one stream: one backbone pass, two decoders.

Human parts and saliency as in their own configs, from one batch with both labels. Images without
people have saliency alone and cost parsing nothing.
"""

from mmengine.config import read_base
from mmseg.datasets.transforms import PackSegInputs

from argus.datasets.transforms import (
    IfPresent,
    IgnoreEmpty,
    JointRandomCrop,
    LoadSaliency,
    LoadSegMap,
    PackDense,
    PackTasks,
)

with read_base():
    from .invpt import invpt_pipeline
    from .pascal_parsing import pascal_parsing
    from .pascal_saliency import pascal_saliency

_stream = "pascal"

_train_pipeline = invpt_pipeline(
    load=[
        dict(type=IfPresent, key="seg_map_path", transform=dict(type=LoadSegMap, num_classes=7)),
        dict(
            type=IfPresent,
            key="saliency_path",
            transform=dict(type=LoadSaliency, threshold=127),  # not stated in paper: InvPT
        ),
    ],
    # not stated in paper: InvPT, which bounds the shares of its semantic classes instead
    crop=dict(type=JointRandomCrop, size=(512, 512), cat_max_ratio=0.75),
    after_crop=[dict(type=IgnoreEmpty)],  # not stated in paper: InvPT
    pack=dict(
        type=PackTasks,
        packers=dict(
            parsing=dict(type=PackSegInputs),
            saliency=dict(type=PackDense, fields=["saliency"]),
        ),
        needs=dict(parsing=["gt_seg_map"], saliency=["gt_saliency"]),
    ),
)

pascal_saliency["train"]["dataset"].update(labels=["parsing", "saliency"], pipeline=_train_pipeline)
pascal_joint = dict(parsing=pascal_parsing, saliency=pascal_saliency)
for _task in pascal_joint.values():
    _task["stream"] = _stream
pascal_parsing.pop("train")  # its labels come with those of saliency
