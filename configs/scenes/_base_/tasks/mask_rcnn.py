"""Detection and instance segmentation of generated scenes with a small Mask R-CNN."""

from mmdet.datasets.transforms import Resize
from mmengine.config import read_base

with read_base():
    from ...._base_.models.mask_rcnn import mask_rcnn
    from .coco import coco_data

_channels = 96

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
    **coco_data(
        masks=True,
        # Scenes have this size already: it is the scale factor that mmdet asks for.
        resize=[dict(type=Resize, scale=(128, 128), keep_ratio=True)],
    ),
)
