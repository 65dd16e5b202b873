"""Detection and instance segmentation of generated scenes with a small Mask R-CNN."""

from mmdet.datasets.transforms import LoadAnnotations, PackDetInputs, RandomFlip, Resize
from mmdet.evaluation import CocoMetric
from mmengine.config import read_base

from argus.datasets.coco import CocoInstances
from argus.datasets.scenes.classes import THING_CLASSES, THING_PALETTE
from argus.datasets.transforms import CheckLabel, LoadImage

with read_base():
    from ...._base_.models.mask_rcnn import mask_rcnn

_data_root = "data/scenes/coco"
_metainfo = dict(classes=THING_CLASSES, palette=THING_PALETTE)
_channels = 96
_size = (128, 128)

# The norm lets random weights learn in a few hundred steps.
mask_rcnn["neck"].update(
    in_channels=[_channels] * 4, out_channels=_channels, norm_cfg=dict(type="GN", num_groups=8)
)
mask_rcnn["rpn_head"].update(in_channels=_channels, feat_channels=_channels)
mask_rcnn["rpn_head"]["anchor_generator"].update(scales=[2, 4])  # objects of 16 to 64 pixels
mask_rcnn["roi_head"]["bbox_roi_extractor"].update(out_channels=_channels, finest_scale=24)
mask_rcnn["roi_head"]["mask_roi_extractor"].update(out_channels=_channels, finest_scale=24)
mask_rcnn["roi_head"]["bbox_head"].update(in_channels=_channels, fc_out_channels=192, num_classes=6)
mask_rcnn["roi_head"]["mask_head"].update(
    in_channels=_channels, conv_out_channels=48, num_convs=2, num_classes=6
)
mask_rcnn["train_cfg"]["rpn_proposal"].update(nms_pre=300, max_per_img=150)
mask_rcnn["train_cfg"]["rpn"]["sampler"].update(num=64)
mask_rcnn["train_cfg"]["rcnn"]["sampler"].update(num=64)
mask_rcnn["test_cfg"]["rpn"].update(nms_pre=300, max_per_img=100)
mask_rcnn["test_cfg"]["rcnn"].update(max_per_img=30)

scenes_mask_rcnn = dict(
    decoder=mask_rcnn,
    train=dict(
        dataset=dict(
            type=CocoInstances,
            data_root=_data_root,
            ann_file="annotations/instances_train2017.json",
            data_prefix=dict(img="train2017/"),
            metainfo=_metainfo,
            filter_cfg=dict(filter_empty_gt=True),
            pipeline=[
                dict(type=LoadImage),
                dict(type=LoadAnnotations, with_bbox=True, with_mask=True),
                dict(type=CheckLabel, num_classes=6),
                dict(type=RandomFlip, prob=0.5),
                dict(type=PackDetInputs),
            ],
        ),
        batch_size=4,
        num_workers=1,
    ),
    val=dict(
        dataset=dict(
            type=CocoInstances,
            data_root=_data_root,
            ann_file="annotations/instances_val2017.json",
            data_prefix=dict(img="val2017/"),
            metainfo=_metainfo,
            test_mode=True,
            pipeline=[
                dict(type=LoadImage),
                # Scenes have this size already: it is the scale factor that mmdet asks for.
                dict(type=Resize, scale=_size, keep_ratio=True),
                dict(type=LoadAnnotations, with_bbox=True, with_mask=True),
                dict(
                    type=PackDetInputs,
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
        metric=["bbox", "segm"],
    ),
    loss_weight=0.5,
    primary="bbox_mAP_50",
    report=["bbox_mAP", "bbox_mAP_50", "segm_mAP", "segm_mAP_50"],
)
