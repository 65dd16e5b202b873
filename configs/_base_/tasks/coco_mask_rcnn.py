"""Detection and instance segmentation on COCO with Mask R-CNN: AP 53.0 box, 47.3 mask in the paper.

Data: ``data/coco``, see data/README.md. 118,287 training and 5,000 validation images; the 36 epochs
of the 3x schedule are 266,146 steps of 16 images.
"""

from mmdet.datasets.transforms import FilterAnnotations, RandomCrop, RandomFlip
from mmengine.config import read_base

with read_base():
    from ..models.mask_rcnn import mask_rcnn
    from .coco import coco_data, multi_scale

coco_mask_rcnn = dict(
    decoder=mask_rcnn,
    **coco_data(
        masks=True,
        # not stated in paper; mmdet's Mask R-CNN
        filter_cfg=dict(filter_empty_gt=True, min_size=32),
        augment=[
            dict(type=RandomFlip, prob=0.5),  # not stated in paper; ViT-Adapter
            multi_scale([(400, 1333), (500, 1333), (600, 1333)]),  # not stated: ViT-Adapter
            dict(  # not stated in paper; ViT-Adapter
                type=RandomCrop,
                crop_type="absolute_range",
                crop_size=(1024, 1024),
                allow_negative_crop=True,
            ),
            # not stated in paper; objects that the crop leaves nothing of
            dict(type=FilterAnnotations, min_gt_bbox_wh=(1e-5, 1e-5), by_mask=True),
        ],
    ),
    loss_weight=1.0,  # not stated in paper: trained alone, so it is the learning rate's scale
    paper=dict(bbox_mAP=0.530, segm_mAP=0.473),
    table="Paper, Table 6",
)
