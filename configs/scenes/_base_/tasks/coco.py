"""The data of detection and instance segmentation on generated scenes, in COCO's layout."""

from mmdet.datasets.transforms import RandomFlip
from mmdet.evaluation import CocoMetric
from mmengine.config import read_base  # noqa: F401  marks a new-style config

from argus.datasets.coco import CocoInstances
from argus.datasets.scenes.classes import THING_CLASSES, THING_PALETTE
from argus.datasets.transforms import CheckLabel, LoadImage, LoadInstances, PackInstances

_data_root = "data/scenes/coco"
_dataset = dict(
    type=CocoInstances,
    data_root=_data_root,
    metainfo=dict(classes=THING_CLASSES, palette=THING_PALETTE),
)


def coco_data(*, masks, resize=()):
    """Data and metric of boxes, or of boxes and masks; ``resize`` are steps of testing."""
    annotations = dict(with_bbox=True, with_mask=True) if masks else dict(with_bbox=True)
    load = dict(type=LoadInstances, **annotations)
    return dict(
        train=dict(
            dataset=dict(
                **_dataset,
                ann_file="annotations/instances_train2017.json",
                data_prefix=dict(img="train2017/"),
                filter_cfg=dict(filter_empty_gt=True),
                pipeline=[
                    dict(type=LoadImage),
                    load,
                    dict(type=CheckLabel, num_classes=6),
                    dict(type=RandomFlip, prob=0.5),
                    dict(type=PackInstances),
                ],
            ),
            batch_size=4,
            num_workers=1,
        ),
        val=dict(
            dataset=dict(
                **_dataset,
                ann_file="annotations/instances_val2017.json",
                data_prefix=dict(img="val2017/"),
                test_mode=True,
                pipeline=[
                    dict(type=LoadImage),
                    *resize,
                    load,
                    dict(
                        type=PackInstances,
                        meta_keys=("img_id", "img_path", "ori_shape", "img_shape", "scale_factor"),
                    ),
                ],
            ),
            batch_size=8,
            num_workers=1,
        ),
        metrics=dict(
            type=CocoMetric,
            ann_file=f"{_data_root}/annotations/instances_val2017.json",
            metric=["bbox", "segm"] if masks else "bbox",
        ),
        loss_weight=0.5,
        primary="bbox_mAP_50",
        report=[
            f"{kind}_mAP{bar}"
            for kind in (("bbox", "segm") if masks else ("bbox",))
            for bar in ("", "_50")
        ],
    )
