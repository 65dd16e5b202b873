"""The data of detection and instance segmentation on COCO: 118,287 training, 5,000 test images."""

from mmcv.transforms import RandomChoice, RandomChoiceResize
from mmdet.datasets.transforms import RandomCrop, Resize
from mmdet.evaluation import CocoMetric
from mmengine.config import read_base  # noqa: F401  marks a new-style config

from argus.datasets.coco import CocoInstances
from argus.datasets.transforms import CheckLabel, LoadImage, LoadInstances, PackInstances

_data_root = "data/coco"
# not stated in paper: ViT-Adapter, Co-DETR: shorter sides of the multi-scale training of DETR
_scales = [
    (480, 1333),
    (512, 1333),
    (544, 1333),
    (576, 1333),
    (608, 1333),
    (640, 1333),
    (672, 1333),
    (704, 1333),
    (736, 1333),
    (768, 1333),
    (800, 1333),
]


def multi_scale(first_scales):
    """Resize to one of the scales, or cut out after a first resize, as DETR does."""
    # not stated in paper: ViT-Adapter, Co-DETR
    resize = dict(type=RandomChoiceResize, resize_type=Resize, scales=_scales, keep_ratio=True)
    first = dict(
        type=RandomChoiceResize,
        resize_type=Resize,
        scales=first_scales,
        keep_ratio=True,  # not stated in paper: ViT-Adapter, Co-DETR
    )
    crop = dict(  # not stated in paper: ViT-Adapter, Co-DETR
        type=RandomCrop,
        crop_type="absolute_range",
        crop_size=(384, 600),
        allow_negative_crop=True,
    )
    return dict(type=RandomChoice, transforms=[[resize], [first, crop, resize]])


def coco_data(*, masks, filter_cfg, augment):
    """Data and metric of boxes, or of boxes and masks; ``augment`` are the steps of training."""
    annotations = dict(with_bbox=True, with_mask=True) if masks else dict(with_bbox=True)
    labels = [
        dict(type=LoadInstances, **annotations),
        dict(type=CheckLabel, num_classes=80),
    ]
    return dict(
        train=dict(
            dataset=dict(
                type=CocoInstances,
                data_root=_data_root,
                ann_file="annotations/instances_train2017.json",
                data_prefix=dict(img="train2017/"),
                filter_cfg=filter_cfg,
                pipeline=[dict(type=LoadImage), *labels, *augment, dict(type=PackInstances)],
            ),
            batch_size=2,  # not stated in paper: 16 on 8 GPUs, as Mask DINO, ViT-Adapter, Co-DETR
            num_workers=4,
            sampling="shuffle",
        ),
        val=dict(
            dataset=dict(
                type=CocoInstances,
                data_root=_data_root,
                ann_file="annotations/instances_val2017.json",
                data_prefix=dict(img="val2017/"),
                test_mode=True,
                pipeline=[
                    dict(type=LoadImage),
                    # not stated in paper: Mask DINO, ViT-Adapter, Co-DETR
                    dict(type=Resize, scale=(1333, 800), keep_ratio=True),
                    # After Resize: the metric compares at the original size.
                    *labels,
                    dict(
                        type=PackInstances,
                        meta_keys=("img_id", "img_path", "ori_shape", "img_shape", "scale_factor"),
                    ),
                ],
            ),
            batch_size=1,  # not stated in paper; does not change the result
            num_workers=2,
        ),
        metrics=dict(
            type=CocoMetric,
            ann_file=f"{_data_root}/annotations/instances_val2017.json",
            metric=["bbox", "segm"] if masks else "bbox",
        ),
        primary="bbox_mAP",
        licence="COCO: annotations CC BY 4.0, images under the terms of Flickr",
    )
