"""Human parsing decoder: the UperNet of semantic segmentation with 7 classes, PASCAL-Context.

Six body parts and background; trained and tested at 512 x 512. Test images are smaller and padded
to that, so one window covers them; the windows of 512 serve larger pictures.
"""

from mmengine.config import read_base

with read_base():
    from .upernet import upernet as upernet_parsing

_num_classes = 7

_preprocessor = upernet_parsing["data_preprocessor"]
_preprocessor.update(size=(512, 512))  # not stated in paper: InvPT
# Assigned, as an update would merge it with size_divisor, and mmseg takes one of the two.
_preprocessor["test_cfg"] = dict(size=(512, 512))  # not stated in paper: InvPT
for _head in (upernet_parsing["decode_head"], upernet_parsing["auxiliary_head"]):
    _head.update(num_classes=_num_classes)
    # not stated in paper: InvPT divides by the pixels with a label, mmseg by all
    _head["loss_decode"].update(avg_non_ignore=True)
