"""Instance segmentation on ADE20K (100 classes) with Mask2Former: mask AP 37.5 in the paper.

Data: ``data/ade/ADEChallengeData2016``, see data/README.md. 20,210 training and 2,000 validation
images, of which those without an instance are left out in training; 160,000 steps of 16 images.
"""

from mmcv.transforms import RandomChoiceResize
from mmdet.datasets.transforms import (
    FilterAnnotations,
    Pad,
    RandomCrop,
    RandomFlip,
    Resize,
)
from mmdet.evaluation import CocoMetric
from mmengine.config import read_base

from argus.datasets.ade20k import ADE20KInstances
from argus.datasets.transforms import (
    CheckLabel,
    LoadImage,
    LoadInstances,
    PackInstances,
    PhotoMetricDistortion,
)

with read_base():
    from ..models.mask2former_instance import mask2former_instance

_num_classes = 100
_data_root = "data/ade/ADEChallengeData2016"
_crop_size = (640, 640)  # not stated in paper: Mask2Former
_scale = (2560, 640)  # long and short side of a test image; not stated in paper: Mask2Former

_train_pipeline = [
    dict(type=LoadImage),
    dict(type=LoadInstances, with_bbox=True, with_mask=True),
    dict(type=CheckLabel, num_classes=_num_classes),
    dict(  # not stated in paper: Mask2Former, short side 320 to 1280 in steps of 64
        type=RandomChoiceResize,
        scales=[(2560, 64 * step) for step in range(5, 21)],
        resize_type=Resize,
        keep_ratio=True,
    ),
    dict(  # not stated in paper: Mask2Former
        type=RandomCrop,
        crop_size=_crop_size,
        crop_type="absolute",
        recompute_bbox=True,
        allow_negative_crop=True,
    ),
    # not stated in paper; objects that the crop leaves nothing of
    dict(type=FilterAnnotations, min_gt_bbox_wh=(1e-5, 1e-5), by_mask=True, keep_empty=False),
    dict(type=PhotoMetricDistortion),  # not stated in paper: Mask2Former
    dict(type=RandomFlip, prob=0.5),  # not stated in paper: Mask2Former
    # not stated in paper; every batch has one size; the mean colour becomes zero
    dict(type=Pad, size=_crop_size, pad_val=dict(img=(104, 116, 124), masks=0)),
    dict(type=PackInstances),
]
_test_pipeline = [
    dict(type=LoadImage),
    dict(type=Resize, scale=_scale, keep_ratio=True),  # not stated in paper: Mask2Former
    # After Resize: the metric compares at the original size.
    dict(type=LoadInstances, with_bbox=True, with_mask=True),
    dict(type=CheckLabel, num_classes=_num_classes),
    dict(
        type=PackInstances,
        meta_keys=("img_id", "img_path", "ori_shape", "img_shape", "scale_factor"),
    ),
]

ade20k_instance = dict(
    decoder=mask2former_instance,
    train=dict(
        dataset=dict(
            type=ADE20KInstances,
            data_root=_data_root,
            ann_file="ade20k_instance_train.json",
            data_prefix=dict(img="images/training"),
            # not stated in paper; Mask2Former keeps images without objects out
            filter_cfg=dict(filter_empty_gt=True),
            pipeline=_train_pipeline,
        ),
        batch_size=2,  # not stated in paper: 16 on 8 GPUs, as Mask2Former
        num_workers=4,
        sampling="shuffle",
    ),
    val=dict(
        dataset=dict(
            type=ADE20KInstances,
            data_root=_data_root,
            ann_file="ade20k_instance_val.json",
            data_prefix=dict(img="images/validation"),
            test_mode=True,
            pipeline=_test_pipeline,
        ),
        batch_size=1,  # not stated in paper; does not change the result
        num_workers=2,
    ),
    metrics=dict(type=CocoMetric, ann_file=f"{_data_root}/ade20k_instance_val.json", metric="segm"),
    loss_weight=1.0,  # not stated in paper: "empirical constants"
    paper=dict(segm_mAP=0.375),
    primary="segm_mAP",
    table="Paper, Table 1",
    licence="ADE20K: research and education, non-commercial",
)
