"""Semantic segmentation decoder: UperNet with an FCN auxiliary head, ADE20K, 150 classes.

For a backbone of 768 channels (Base); Large sets the ``in_channels`` to 1024. The normalisation is
that of DINOv2. GroupNorm everywhere, so that no image of a batch depends on another.
"""

from mmengine.config import read_base
from mmseg.models import (
    CrossEntropyLoss,
    EncoderDecoder,
    FCNHead,
    SegDataPreProcessor,
    UPerHead,
)

from argus.models.backbones.shared import SharedBackbone

with read_base():
    from ..normalisation import dinov2 as _dinov2

# not stated in paper: GroupNorm stands where UperNet has SyncBN; 32 groups as in Mask DINO's heads
_norm = dict(type="GN", num_groups=32)

upernet = dict(
    type=EncoderDecoder,
    data_preprocessor=dict(
        type=SegDataPreProcessor,
        **_dinov2,
        bgr_to_rgb=True,
        pad_val=0,
        seg_pad_val=255,
        size=(512, 512),  # not stated in paper: ViT-Adapter, UperNet on ADE20K
        test_cfg=dict(size_divisor=32),
    ),
    backbone=dict(type=SharedBackbone),
    decode_head=dict(
        type=UPerHead,
        in_channels=[768, 768, 768, 768],
        in_index=[0, 1, 2, 3],
        pool_scales=(1, 2, 3, 6),  # not stated in paper: UperNet
        channels=512,  # not stated in paper: UperNet
        dropout_ratio=0.1,  # not stated in paper: mmseg's UperNet
        num_classes=150,
        norm_cfg=_norm,
        align_corners=False,  # not stated in paper; mmseg's UperNet
        # not stated in paper; mmseg's UperNet
        loss_decode=dict(type=CrossEntropyLoss, use_sigmoid=False, loss_weight=1.0),
    ),
    auxiliary_head=dict(
        type=FCNHead,
        in_channels=768,
        in_index=2,  # not stated in paper: ViT-Adapter, the map of stride 16
        channels=256,  # not stated in paper: mmseg's UperNet
        num_convs=1,  # not stated in paper; mmseg's UperNet
        concat_input=False,  # not stated in paper; mmseg's UperNet
        dropout_ratio=0.1,  # not stated in paper: mmseg's UperNet
        num_classes=150,
        norm_cfg=_norm,
        align_corners=False,  # not stated in paper; mmseg's UperNet
        # not stated in paper: weight 0.4 of mmseg's UperNet
        loss_decode=dict(type=CrossEntropyLoss, use_sigmoid=False, loss_weight=0.4),
    ),
    train_cfg=dict(),
    # not stated in paper: ViT-Adapter, UperNet on ADE20K, single scale
    test_cfg=dict(mode="slide", crop_size=(512, 512), stride=(341, 341)),
)
