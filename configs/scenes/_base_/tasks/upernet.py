"""A small UperNet of mmseg for the backbone of the scenes: semantic classes, human parts."""

from mmengine.config import read_base
from mmseg.models import CrossEntropyLoss, EncoderDecoder, SegDataPreProcessor, UPerHead

from argus.models.backbones.shared import SharedBackbone

with read_base():
    from ...._base_.normalisation import dinov2 as _dinov2


def upernet(class_weight, **heads):
    """A decoder for as many classes as there are weights; ``heads`` are further ones."""
    return dict(
        type=EncoderDecoder,
        data_preprocessor=dict(
            type=SegDataPreProcessor,
            **_dinov2,
            bgr_to_rgb=True,
            pad_val=0,
            seg_pad_val=255,
            size_divisor=32,
            test_cfg=dict(size_divisor=32),
        ),
        backbone=dict(type=SharedBackbone),
        decode_head=dict(
            type=UPerHead,
            in_channels=[96] * 4,
            in_index=[0, 1, 2, 3],
            pool_scales=(1, 2, 4),
            channels=48,
            dropout_ratio=0.0,
            num_classes=len(class_weight),
            norm_cfg=dict(type="GN", num_groups=8),
            align_corners=False,
            loss_decode=dict(type=CrossEntropyLoss, class_weight=class_weight),
        ),
        **heads,
        train_cfg=dict(),
        test_cfg=dict(mode="whole"),
    )
