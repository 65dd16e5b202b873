"""Detection and instance segmentation on COCO with Co-DETR: AP 60.5 box, 52.0 mask in the paper.

Data: ``data/coco``, see data/README.md. 118,287 training and 5,000 validation images; 12 epochs are
88,715 steps of 16 images, 36 epochs 266,146. For boxes alone there is the
decoder of ``../models/co_detr.py``.
"""

from mmdet.datasets.transforms import RandomFlip
from mmengine.config import read_base

with read_base():
    from ..models.co_detr_mask import co_detr_mask
    from .coco import coco_data, multi_scale

coco_co_detr = dict(
    decoder=co_detr_mask,
    **coco_data(
        masks=True,
        filter_cfg=dict(filter_empty_gt=False),  # not stated in paper; Co-DETR
        augment=[
            dict(type=RandomFlip, prob=0.5),  # not stated in paper; Co-DETR
            # not stated in paper; Co-DETR: all images are less than 7 times as long
            multi_scale([(400, 4200), (500, 4200), (600, 4200)]),
        ],
    ),
    loss_weight=1.0,  # not stated in paper: trained alone, so it is the learning rate's scale
    paper=dict(bbox_mAP=0.605, segm_mAP=0.520),
    table="Paper, Table 6",
)
