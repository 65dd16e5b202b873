"""Human parsing of generated scenes, six body parts, with a small UperNet."""

from mmengine.config import read_base
from mmseg.datasets.transforms import PackSegInputs
from mmseg.evaluation import IoUMetric
from mmseg.models import CrossEntropyLoss, EncoderDecoder, SegDataPreProcessor, UPerHead

from argus.datasets.transforms import LoadSegMap
from argus.models.backbones.shared import SharedBackbone

with read_base():
    from .dense import people

_num_classes = 7
_channels = 96

parsing = dict(
    decoder=dict(
        type=EncoderDecoder,
        data_preprocessor=dict(
            type=SegDataPreProcessor,
            mean=[123.675, 116.28, 103.53],
            std=[58.395, 57.12, 57.375],
            bgr_to_rgb=True,
            pad_val=0,
            seg_pad_val=255,
            size_divisor=32,
            test_cfg=dict(size_divisor=32),
        ),
        backbone=dict(type=SharedBackbone),
        decode_head=dict(
            type=UPerHead,
            in_channels=[_channels] * 4,
            in_index=[0, 1, 2, 3],
            pool_scales=(1, 2, 4),
            channels=48,
            dropout_ratio=0.0,
            num_classes=_num_classes,
            norm_cfg=dict(type="GN", num_groups=8),
            align_corners=False,
            # Limbs are a few pixels wide.
            loss_decode=dict(
                type=CrossEntropyLoss, class_weight=[1.0, 3.0, 3.0, 5.0, 5.0, 5.0, 5.0]
            ),
        ),
        train_cfg=dict(),
        test_cfg=dict(mode="whole"),
    ),
    **people("parsing", dict(type=LoadSegMap, num_classes=_num_classes), dict(type=PackSegInputs)),
    metrics=dict(type=IoUMetric, iou_metrics=["mIoU"]),
    primary="mIoU",
    report=["mIoU"],
)
