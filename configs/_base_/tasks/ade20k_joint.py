"""Two tasks on ADE20K in one stream: one backbone pass, two Mask2Former decoders.

Panoptic and instance segmentation as in their own configs, from one batch of panoptic labels: the
instances are its things, which are numbered as the 100 classes of the instance task. In contrast to
training alone, images without a thing stay in; they teach that there is none.
"""

from mmcv.transforms import RandomChoiceResize
from mmengine.config import read_base
from mmseg.datasets.transforms import PhotoMetricDistortion

from argus.datasets.transforms import (
    JointRandomCrop,
    JointRandomFlip,
    JointResize,
    LoadImage,
    LoadPanoptic,
    PackPanoptic,
    PackTasks,
    PackThings,
)

with read_base():
    from .ade20k_instance import ade20k_instance
    from .ade20k_panoptic import ade20k_panoptic

_stream = "ade20k"
_num_classes = 150
_crop_size = (640, 640)  # not stated in paper: Mask2Former
_scale = (2560, 640)  # every draw puts its own in this place; not stated in paper: Mask2Former

_train_pipeline = [
    dict(type=LoadImage),
    dict(type=LoadPanoptic, num_classes=_num_classes),
    dict(  # not stated in paper: Mask2Former, short side 320 to 1280 in steps of 64
        type=RandomChoiceResize,
        scales=[(2560, 64 * step) for step in range(5, 21)],
        resize_type=JointResize,
        scale=_scale,
        keep_ratio=True,
    ),
    dict(type=JointRandomCrop, size=_crop_size),
    dict(type=PhotoMetricDistortion),  # not stated in paper: Mask2Former
    dict(type=JointRandomFlip, prob=0.5),  # not stated in paper: Mask2Former
    dict(
        type=PackTasks,
        packers=dict(panoptic=dict(type=PackPanoptic), ade20k_instance=dict(type=PackThings)),
    ),
]

ade20k_panoptic["train"]["dataset"]["pipeline"] = _train_pipeline
ade20k_joint = dict(panoptic=ade20k_panoptic, ade20k_instance=ade20k_instance)
for _task in ade20k_joint.values():
    _task["stream"] = _stream
ade20k_instance.pop("train")  # its labels come with the panoptic ones
