"""Instance segmentation of generated scenes in ADE20K's layout, with a small Mask2Former."""

from mmdet.datasets.transforms import RandomFlip
from mmdet.evaluation import CocoMetric
from mmengine.config import read_base

from argus.datasets.ade20k import ADE20KInstances
from argus.datasets.scenes.classes import THING_CLASSES, THING_PALETTE
from argus.datasets.transforms import CheckLabel, LoadImage, LoadInstances, PackInstances

with read_base():
    from .panoptic import panoptic as _panoptic

_data_root = "data/scenes/ADEChallengeData2016"
_metainfo = dict(classes=THING_CLASSES, palette=THING_PALETTE)
_num_classes = 6
_load = [
    dict(type=LoadImage),
    dict(type=LoadInstances, with_bbox=True, with_mask=True),
    dict(type=CheckLabel, num_classes=_num_classes),
]

_decoder = _panoptic["decoder"]
_decoder["data_preprocessor"].update(pad_seg=False)
_decoder["panoptic_head"].update(num_things_classes=_num_classes, num_stuff_classes=0)
_decoder["panoptic_head"]["loss_cls"].update(class_weight=[1.0] * _num_classes + [0.1])
_decoder["panoptic_fusion_head"].update(num_things_classes=_num_classes, num_stuff_classes=0)
_decoder["test_cfg"].update(panoptic_on=False, instance_on=True, max_per_image=30)

ade20k_instance = dict(
    decoder=_decoder,
    train=dict(
        dataset=dict(
            type=ADE20KInstances,
            data_root=_data_root,
            ann_file="ade20k_instance_train.json",
            data_prefix=dict(img="images/training"),
            metainfo=_metainfo,
            filter_cfg=dict(filter_empty_gt=True),
            pipeline=[*_load, dict(type=RandomFlip, prob=0.5), dict(type=PackInstances)],
        ),
        batch_size=4,
        num_workers=1,
    ),
    val=dict(
        dataset=dict(
            type=ADE20KInstances,
            data_root=_data_root,
            ann_file="ade20k_instance_val.json",
            data_prefix=dict(img="images/validation"),
            metainfo=_metainfo,
            test_mode=True,
            pipeline=[
                *_load,
                dict(
                    type=PackInstances, meta_keys=("img_id", "img_path", "ori_shape", "img_shape")
                ),
            ],
        ),
        batch_size=8,
        num_workers=1,
    ),
    metrics=dict(type=CocoMetric, ann_file=f"{_data_root}/ade20k_instance_val.json", metric="segm"),
    primary="segm_mAP_50",
    report=["segm_mAP", "segm_mAP_50"],
)
