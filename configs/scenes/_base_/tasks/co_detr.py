"""Detection and instance segmentation of generated scenes with a small Co-DETR."""

from mmdet.datasets.transforms import Resize
from mmengine.config import read_base

with read_base():
    from ...._base_.models.co_detr_mask import co_detr_mask as co_detr
    from .coco import coco_data

_channels = 96

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
_masks = co_detr["mask_branch"]
_masks["mask_roi_extractor"].update(out_channels=_channels, finest_scale=16)
_masks["mask_head"].update(in_channels=_channels, conv_out_channels=48, num_convs=2, num_classes=6)
_masks["train_cfg"]["sampler"].update(num=64)
co_detr["test_cfg"].update(max_per_img=30)

scenes_co_detr = dict(
    decoder=co_detr,
    **coco_data(
        masks=True,
        # Scenes have this size already: it is the scale factor that mmdet asks for.
        resize=[dict(type=Resize, scale=(128, 128), keep_ratio=True)],
    ),
)
