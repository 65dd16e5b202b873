"""Two tasks on ADE20K in one stream: one backbone pass, two Mask2Former decoders.

Panoptic and instance segmentation as in their own configs, from one batch of panoptic labels: the
instances are its things, which are numbered as the 100 classes of the instance task. In contrast to
training alone, images without a thing stay in; they teach that there is none.
"""

from mmengine.config import read_base

from argus.datasets.transforms import PackPanoptic, PackTasks, PackThings

with read_base():
    from .ade20k_instance import ade20k_instance
    from .ade20k_panoptic import ade20k_panoptic

_stream = "ade20k"

_train_pipeline = [
    *ade20k_panoptic["train"]["dataset"]["pipeline"][:-1],
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
