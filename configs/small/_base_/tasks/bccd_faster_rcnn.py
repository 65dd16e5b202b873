"""Detection of blood cells with mmdet's Faster R-CNN as it is, on the frozen backbone's four maps.

The data and the measure are those of ``bccd_detection``.
"""

from mmdet.models.detectors import FasterRCNN
from mmdet.models.task_modules import RandomSampler
from mmengine.config import read_base

with read_base():
    from ...._base_.models.mask_rcnn import mask_rcnn as _mask_rcnn
    from .bccd_detection import bccd_detection as _bccd

_width = 384  # of the backbone

_mask_rcnn["type"] = FasterRCNN
_mask_rcnn["data_preprocessor"].pop("pad_mask")
_mask_rcnn["neck"].update(in_channels=[_width] * 4, out_channels=128)
_mask_rcnn["rpn_head"].update(in_channels=128, feat_channels=128)
_roi_head = _mask_rcnn["roi_head"]
_roi_head["bbox_roi_extractor"].update(out_channels=128)
_roi_head["bbox_head"].update(in_channels=128, fc_out_channels=256, num_classes=3)
for _key in ("mask_roi_extractor", "mask_head"):
    _roi_head.pop(_key)
_mask_rcnn["train_cfg"]["rpn_proposal"].update(nms_pre=1000, max_per_img=300)
_mask_rcnn["train_cfg"]["rcnn"]["sampler"].update(type=RandomSampler, num=128)
_mask_rcnn["test_cfg"]["rpn"].update(max_per_img=300)

bccd_faster_rcnn = dict(_bccd, decoder=_mask_rcnn)
