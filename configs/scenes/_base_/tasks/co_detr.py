"""Object detection of generated scenes with a small Co-DETR."""

from mmdet.datasets.transforms import LoadAnnotations, PackDetInputs, RandomFlip, Resize
from mmdet.evaluation import CocoMetric
from mmengine.config import read_base

from argus.datasets.coco import CocoInstances
from argus.datasets.scenes.classes import THING_CLASSES, THING_PALETTE
from argus.datasets.transforms import CheckLabel, LoadImage

with read_base():
    from ...._base_.models.co_detr import co_detr

_data_root = "data/scenes/coco"
_metainfo = dict(classes=THING_CLASSES, palette=THING_PALETTE)
_channels = 96
_size = (128, 128)

_attention = dict(embed_dims=_channels, num_heads=6, num_levels=5, num_points=4, dropout=0.0)
_feed_forward = dict(embed_dims=_channels, feedforward_channels=192, ffn_drop=0.0)
co_detr.update(num_queries=60, max_positives=60)
co_detr["neck"].update(in_channels=[_channels] * 4, out_channels=_channels)
co_detr["encoder"].update(
    num_layers=1, layer_cfg=dict(self_attn_cfg=_attention, ffn_cfg=_feed_forward)
)
co_detr["decoder"].update(
    num_layers=3,
    layer_cfg=dict(
        self_attn_cfg=dict(embed_dims=_channels, num_heads=6),
        cross_attn_cfg=_attention,
        ffn_cfg=_feed_forward,
    ),
)
co_detr["positional_encoding"].update(num_feats=_channels // 2)
co_detr["bbox_head"].update(embed_dims=_channels, num_classes=6)
co_detr["dn_cfg"]["group_cfg"].update(num_dn_queries=30)
_rcnn = co_detr["auxiliary_heads"]["rcnn"]
_rcnn["rpn_head"].update(in_channels=_channels, feat_channels=_channels)
_rcnn["rpn_head"]["train_cfg"]["sampler"].update(num=64)
_rcnn["rpn_head"]["test_cfg"].update(nms_pre=300, max_per_img=150)
_rcnn["roi_head"]["bbox_roi_extractor"].update(out_channels=_channels, finest_scale=16)
_rcnn["roi_head"]["bbox_head"].update(in_channels=_channels, fc_out_channels=192, num_classes=6)
_rcnn["roi_head"]["train_cfg"]["sampler"].update(num=64)
co_detr["auxiliary_heads"]["atss"].update(
    in_channels=_channels, feat_channels=_channels, num_classes=6
)
co_detr["auxiliary_heads"]["atss"]["anchor_generator"].update(octave_base_scale=4)
co_detr["test_cfg"].update(max_per_img=30)

scenes_co_detr = dict(
    decoder=co_detr,
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
                dict(type=LoadAnnotations, with_bbox=True),
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
                dict(type=LoadAnnotations, with_bbox=True),
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
        metric="bbox",
    ),
    loss_weight=0.5,
    primary="bbox_mAP_50",
    report=["bbox_mAP", "bbox_mAP_50"],
)
