"""Semantic segmentation decoder of NYUv2: the UperNet of ADE20K with 40 classes at 448 x 576.

Test images (425 x 560) are padded to the size of training and seen whole. For NYUv2's 13 classes
see ``configs/stage2/nyuv2_semantic_13.py``.
"""

from mmengine.config import read_base

with read_base():
    from .upernet import upernet as nyuv2_upernet

_num_classes = 40
_size = (448, 576)  # height, width; not stated in paper: InvPT, images of 425 x 560 padded

_preprocessor = nyuv2_upernet["data_preprocessor"]
_preprocessor.update(size=_size)
# Assigned, as an update would merge it with size_divisor, and mmseg takes one of the two.
_preprocessor["test_cfg"] = dict(size=_size)
for _head in (nyuv2_upernet["decode_head"], nyuv2_upernet["auxiliary_head"]):
    _head.update(num_classes=_num_classes)
    # not stated in paper: InvPT divides by the pixels with a label, mmseg by all
    _head["loss_decode"].update(avg_non_ignore=True)
nyuv2_upernet["test_cfg"] = dict(mode="whole")  # not stated in paper: InvPT
