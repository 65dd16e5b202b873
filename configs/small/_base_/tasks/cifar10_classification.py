"""Classification of CIFAR-10, pictures of 32 x 32 enlarged, with attentive pooling.

Data: ``data/small/cifar10``, see data/README.md. Of each class the first 280 training pictures
train, the next 20 validate, and the first 100 test pictures test. A linear probe of DINOv2 ViT-S/14
on the whole set is published with top-1 97.7.
"""

from mmcv.transforms import RandomFlip, Resize
from mmengine.config import read_base
from mmpretrain.datasets import PackInputs, RandomCrop
from mmpretrain.evaluation import Accuracy
from mmpretrain.models import (
    ClsDataPreprocessor,
    ImageClassifier,
    LabelSmoothLoss,
    LinearClsHead,
)

from argus.datasets.class_folders import ClassFolders
from argus.datasets.transforms import CheckLabel, LoadImage
from argus.models.backbones.shared import SharedBackbone
from argus.models.decoders import AttentivePooling

with read_base():
    from ...._base_.normalisation import dinov2 as _dinov2

_dataset = dict(type=ClassFolders, data_root="data/small/cifar10")
_num_classes = 10
_width = 384  # of the backbone
_size = (128, 128)


def _measured(folder, *, of_each_class):
    return dict(
        dataset=dict(
            **_dataset,
            data_prefix=folder,
            of_each_class=of_each_class,
            test_mode=True,
            pipeline=[
                dict(type=LoadImage),
                dict(type=CheckLabel, num_classes=_num_classes),
                dict(type=Resize, scale=_size, interpolation="bicubic"),
                dict(type=PackInputs),
            ],
        ),
        batch_size=20,
        num_workers=1,
    )


cifar10_classification = dict(
    decoder=dict(
        type=ImageClassifier,
        data_preprocessor=dict(
            type=ClsDataPreprocessor,
            **_dinov2,
            to_rgb=True,
            num_classes=_num_classes,
        ),
        backbone=dict(type=SharedBackbone),
        neck=dict(type=AttentivePooling, in_channels=_width, num_heads=6, levels=(1, 2, 3)),
        head=dict(
            type=LinearClsHead,
            num_classes=_num_classes,
            in_channels=_width,
            loss=dict(type=LabelSmoothLoss, label_smooth_val=0.1, mode="original"),
        ),
    ),
    train=dict(
        dataset=dict(
            **_dataset,
            data_prefix="train",
            of_each_class=(0, 280),
            pipeline=[
                dict(type=LoadImage),
                dict(type=CheckLabel, num_classes=_num_classes),
                dict(type=RandomCrop, crop_size=32, padding=4, padding_mode="reflect"),
                dict(type=Resize, scale=_size, interpolation="bicubic"),
                dict(type=RandomFlip, prob=0.5, direction="horizontal"),
                dict(type=PackInputs),
            ],
        ),
        batch_size=8,
        num_workers=1,
        sampling="shuffle",
    ),
    val=_measured("train", of_each_class=(280, 300)),
    test=_measured("test", of_each_class=(0, 100)),
    metrics=dict(type=Accuracy, topk=(1,)),
    loss_weight=1.0,
    primary="top1",
    licence="CIFAR-10: research; Krizhevsky, 2009",
)
