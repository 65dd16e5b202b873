"""What decoders with a value per pixel share: normalisation of DINOv2, padding, the networks.

For a backbone of 768 channels (Base); Large sets ``in_channels`` to 1024. GroupNorm, so that no
image of a batch depends on another.
"""

from mmengine.config import read_base

from argus.models.backbones.shared import SharedBackbone
from argus.models.decoders import DenseEstimator, DensePreprocessor, UPerNetwork

with read_base():
    from ..normalisation import dinov2 as _dinov2


def dense_model(*, size, head):
    """A model that sees images of one size (height, width), padded to it."""
    return dict(
        type=DenseEstimator,
        data_preprocessor=dict(
            type=DensePreprocessor,
            **_dinov2,
            bgr_to_rgb=True,
            pad_val=0,
            size=size,
            test_cfg=dict(size=size),
            non_blocking=True,
        ),
        backbone=dict(type=SharedBackbone),
        head=head,
        test_cfg=dict(flip=False),  # not stated in paper: InvPT
    )


def upernet_network(*, dropout_ratio):
    """UperNet on the four maps."""
    return dict(
        type=UPerNetwork,
        in_channels=[768, 768, 768, 768],
        channels=512,  # not stated in paper: UperNet
        pool_scales=(1, 2, 3, 6),  # not stated in paper: UperNet
        dropout_ratio=dropout_ratio,
        # not stated in paper: GroupNorm stands where UperNet has SyncBN; 32 groups as in Mask
        # DINO's heads
        norm_cfg=dict(type="GN", num_groups=32),
        align_corners=False,  # not stated in paper: mmseg's UperNet
    )
