"""Comparison: one linear layer on the frozen ViT, for CamVid and CIFAR-10.

    python tools/train.py configs/small/stage1/linear_probe.py

CamVid: a 1 x 1 convolution on the map of stride 16, which is the ViT's own, its logits enlarged.
CIFAR-10: a linear layer on the mean of that map. What a decoder has to beat. Nothing is random in
the pictures, so that every one goes through the ViT once and is read from the disk after that.
"""

from mmcv.transforms import Resize
from mmengine.config import read_base
from mmpretrain.datasets import PackInputs
from mmpretrain.models import GlobalAveragePooling
from mmseg.datasets.transforms import PackSegInputs
from mmseg.models import CrossEntropyLoss, FCNHead

from argus.datasets.transforms import CheckLabel, LoadImage, LoadSegMap
from argus.models.backbones.shared import SharedBackbone

with read_base():
    from .._base_.dinov2_small import backbone as _dinov2
    from ..stage1_4task import *

backbone = _dinov2
feature_cache = dict(path="work_dirs/small/features", max_gb=5.0)

_camvid, _cifar10 = tasks["camvid"], tasks["cifar10"]
_camvid["decoder"].pop("auxiliary_head")
_camvid["decoder"]["data_preprocessor"]["size"] = (384, 480)  # 480 x 360, padded
_camvid["decoder"]["decode_head"] = dict(
    type=FCNHead,
    in_channels=384,
    in_index=2,
    channels=384,
    num_convs=0,
    concat_input=False,
    dropout_ratio=0.0,
    num_classes=11,
    align_corners=False,
    loss_decode=dict(type=CrossEntropyLoss, avg_non_ignore=True),
)
_camvid["train"]["dataset"]["pipeline"] = [
    dict(type=LoadImage),
    dict(type=LoadSegMap, num_classes=11),
    dict(type=Resize, scale=(480, 360), keep_ratio=True),
    dict(type=PackSegInputs),
]
_cifar10["decoder"]["backbone"] = dict(type=SharedBackbone, levels=(2,))
_cifar10["decoder"]["neck"] = dict(type=GlobalAveragePooling)
_cifar10["train"]["dataset"]["pipeline"] = [
    dict(type=LoadImage),
    dict(type=CheckLabel, num_classes=10),
    dict(type=Resize, scale=(128, 128), interpolation="bicubic"),
    dict(type=PackInputs),
]
tasks = dict(camvid=_camvid, cifar10=_cifar10)
for _task in tasks.values():
    _task["lr_mult"] = 1.0
optim_wrapper["optimizer"].update(lr=1e-2, weight_decay=0.0)
