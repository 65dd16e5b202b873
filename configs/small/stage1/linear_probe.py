"""Comparison: one linear layer on the frozen ViT, for CamVid and CIFAR-10.

    python tools/train.py configs/small/stage1/linear_probe.py

CamVid: a 1 x 1 convolution on the map of stride 16, which is the ViT's own, its logits enlarged.
CIFAR-10: a linear layer on the mean of that map. What a decoder has to beat.
"""

from mmengine.config import read_base
from mmpretrain.models import GlobalAveragePooling
from mmseg.models import CrossEntropyLoss, FCNHead

from argus.models.backbones.shared import SharedBackbone

with read_base():
    from .._base_.dinov2_small import backbone as _dinov2
    from ..stage1_4task import *

backbone = _dinov2
_camvid, _cifar10 = tasks["camvid"], tasks["cifar10"]
_camvid["decoder"].pop("auxiliary_head")
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
_cifar10["decoder"]["backbone"] = dict(type=SharedBackbone, levels=(2,))
_cifar10["decoder"]["neck"] = dict(type=GlobalAveragePooling)
tasks = dict(camvid=_camvid, cifar10=_cifar10)
# Linear layers on normalised tokens stand ten times the rate of deep decoders, without decay.
optim_wrapper["optimizer"].update(lr=1e-2, weight_decay=0.0)
