"""Detection of blood cells (BCCD, three classes) with mmdet's ATSS on an FPN of three maps.

Data: ``data/small/bccd``, see data/README.md. The published split: 205 training, 87 validation and
72 test pictures of 640 x 480, Pascal VOC files. Half the size trains and tests: a red cell is then
some 50 pixels wide. The measure is that of COCO.
"""

from mmdet.datasets import XMLDataset
from mmdet.datasets.transforms import LoadAnnotations, PackDetInputs, RandomFlip, Resize
from mmdet.evaluation import CocoMetric
from mmdet.models.data_preprocessors import DetDataPreprocessor
from mmdet.models.dense_heads import ATSSHead
from mmdet.models.detectors import ATSS
from mmdet.models.losses import CrossEntropyLoss, FocalLoss, GIoULoss
from mmdet.models.necks import FPN
from mmdet.models.task_modules import AnchorGenerator, ATSSAssigner, DeltaXYWHBBoxCoder
from mmengine.config import read_base

from argus.datasets.transforms import CheckLabel, LoadImage
from argus.models.backbones.shared import SharedBackbone

with read_base():
    from ...._base_.normalisation import dinov2 as _dinov2

_dataset = dict(
    type=XMLDataset,
    data_root="data/small/bccd",
    data_prefix=dict(sub_data_root=""),
    metainfo=dict(
        classes=("RBC", "WBC", "Platelets"),
        palette=[(220, 20, 60), (0, 0, 142), (255, 170, 30)],
    ),
)
_width = 384  # of the backbone
_size = (320, 256)


def _measured(part):
    return dict(
        dataset=dict(
            **_dataset,
            ann_file=f"ImageSets/Main/{part}.txt",
            test_mode=True,
            pipeline=[
                dict(type=LoadImage),
                dict(type=Resize, scale=_size, keep_ratio=True),
                # After Resize: the metric compares at the original size.
                dict(type=LoadAnnotations, with_bbox=True),
                dict(type=CheckLabel, num_classes=3),
                dict(
                    type=PackDetInputs,
                    meta_keys=(
                        *("img_id", "img_path", "ori_shape", "img_shape", "scale_factor"),
                        "instances",
                    ),
                ),
            ],
        ),
        batch_size=4,
        num_workers=1,
    )


bccd_detection = dict(
    decoder=dict(
        type=ATSS,
        data_preprocessor=dict(
            type=DetDataPreprocessor,
            **_dinov2,
            bgr_to_rgb=True,
            pad_size_divisor=32,
        ),
        backbone=dict(type=SharedBackbone, levels=(1, 2, 3)),
        neck=dict(type=FPN, in_channels=[_width] * 3, out_channels=128, num_outs=3),
        bbox_head=dict(
            type=ATSSHead,
            num_classes=3,
            in_channels=128,
            feat_channels=128,
            stacked_convs=2,
            anchor_generator=dict(
                type=AnchorGenerator,
                ratios=[1.0],
                octave_base_scale=4,
                scales_per_octave=1,
                strides=[8, 16, 32],
            ),
            bbox_coder=dict(
                type=DeltaXYWHBBoxCoder,
                target_means=[0.0, 0.0, 0.0, 0.0],
                target_stds=[0.1, 0.1, 0.2, 0.2],
            ),
            loss_cls=dict(type=FocalLoss, use_sigmoid=True, gamma=2.0, alpha=0.25, loss_weight=1.0),
            loss_bbox=dict(type=GIoULoss, loss_weight=2.0),
            loss_centerness=dict(type=CrossEntropyLoss, use_sigmoid=True, loss_weight=1.0),
        ),
        train_cfg=dict(
            assigner=dict(type=ATSSAssigner, topk=9), allowed_border=-1, pos_weight=-1, debug=False
        ),
        test_cfg=dict(
            nms_pre=1000,
            min_bbox_size=0,
            score_thr=0.05,
            nms=dict(type="nms", iou_threshold=0.6),
            max_per_img=100,
        ),
    ),
    train=dict(
        dataset=dict(
            **_dataset,
            ann_file="ImageSets/Main/train.txt",
            filter_cfg=dict(filter_empty_gt=True),
            pipeline=[
                dict(type=LoadImage),
                dict(type=LoadAnnotations, with_bbox=True),
                dict(type=CheckLabel, num_classes=3),
                dict(type=Resize, scale=_size, keep_ratio=True),
                dict(type=RandomFlip, prob=0.75, direction=["horizontal", "vertical", "diagonal"]),
                dict(type=PackDetInputs),
            ],
        ),
        batch_size=1,
        num_workers=1,
        sampling="shuffle",
    ),
    val=_measured("val"),
    test=_measured("test"),
    metrics=dict(type=CocoMetric, metric="bbox"),
    loss_weight=1.0,
    primary="bbox_mAP",
    report=["bbox_mAP", "bbox_mAP_50"],
    licence="BCCD: MIT",
)
