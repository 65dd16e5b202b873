"""Classification of generated pictures of one object, ten classes, with attentive pooling."""

from mmcv.transforms import RandomFlip, Resize
from mmengine.config import read_base
from mmpretrain.datasets import ImageNet, PackInputs
from mmpretrain.evaluation import Accuracy
from mmpretrain.models import (
    ClsDataPreprocessor,
    CrossEntropyLoss,
    ImageClassifier,
    LinearClsHead,
)

from argus.datasets.scenes.classes import CLASSIFICATION_CLASSES
from argus.datasets.transforms import CheckLabel, LoadImage
from argus.models.backbones.shared import SharedBackbone
from argus.models.decoders import AttentivePooling

with read_base():
    from ...._base_.normalisation import dinov2 as _dinov2

_data_root = "data/scenes/imagenet"
_metainfo = dict(classes=CLASSIFICATION_CLASSES)
_num_classes = 10
_channels = 96
_size = (64, 64)

classification = dict(
    decoder=dict(
        type=ImageClassifier,
        data_preprocessor=dict(
            type=ClsDataPreprocessor,
            **_dinov2,
            to_rgb=True,
            num_classes=_num_classes,
        ),
        backbone=dict(type=SharedBackbone),
        neck=dict(type=AttentivePooling, in_channels=_channels, num_heads=4, levels=(0, 1, 2, 3)),
        head=dict(
            type=LinearClsHead,
            num_classes=_num_classes,
            in_channels=_channels,
            loss=dict(type=CrossEntropyLoss),
        ),
    ),
    train=dict(
        dataset=dict(
            type=ImageNet,
            data_root=_data_root,
            split="train",
            metainfo=_metainfo,
            pipeline=[
                dict(type=LoadImage),
                dict(type=CheckLabel, num_classes=_num_classes),
                dict(type=Resize, scale=_size),
                dict(type=RandomFlip, prob=0.5, direction="horizontal"),
                dict(type=PackInputs),
            ],
        ),
        batch_size=6,
        num_workers=1,
    ),
    val=dict(
        dataset=dict(
            type=ImageNet,
            data_root=_data_root,
            split="val",
            metainfo=_metainfo,
            test_mode=True,
            pipeline=[
                dict(type=LoadImage),
                dict(type=CheckLabel, num_classes=_num_classes),
                dict(type=Resize, scale=_size),
                dict(type=PackInputs),
            ],
        ),
        batch_size=16,
        num_workers=1,
    ),
    metrics=dict(type=Accuracy, topk=(1,)),
    primary="top1",
    report=["top1"],
)
