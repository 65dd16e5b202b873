"""Semantic segmentation on NYUv2 with the 13 classes, UperNet on the frozen Argus-Base.

    tools/dist_train.sh configs/stage2/nyuv2_semantic_13.py 8

The paper's mIoU of 64.7 may be of these classes. The labels are those of the converter
``nyuv2-labeled``, with images of 480 x 640 that are trained on and tested at that size.
"""

from mmengine.config import read_base

with read_base():
    from .nyuv2_semantic import *

_num_classes = 13
_size = (480, 640)  # height, width; not stated in paper: the images as they are
_task = tasks["nyuv2_semantic"]

_task["decoder"]["data_preprocessor"].update(size=_size, test_cfg=dict(size=_size))
_task["decoder"]["decode_head"].update(num_classes=_num_classes)
_task["decoder"]["auxiliary_head"].update(num_classes=_num_classes)
for _part in ("train", "val"):
    _dataset = _task[_part]["dataset"]
    _dataset.update(data_root="data/nyuv2_labeled", num_classes=_num_classes)
    for _step in _dataset["pipeline"]:
        if "num_classes" in _step:
            _step["num_classes"] = _num_classes
        if "size" in _step:
            _step["size"] = _size
