"""Semantic segmentation of CamVid, 11 classes, with UperNet and an FCN auxiliary head.

Data: ``data/small/camvid``, see data/README.md. The split of SegNet that everyone reports on: 367
training, 101 validation and 233 test images of 480 x 360. Published 11-class mIoU at that size, the
whole network trained: SegNet 55.6, DeepLab-LFOV 61.6, Dilation8 65.3, FC-DenseNet103 66.9.

UperNet has Lovasz loss (Berman et al., CVPR 2018) beside its cross-entropy: it is mIoU that is
measured, and poles and signs are few pixels. See docs/small_real.md.

Pictures are resized by little: a street is seen from one car. After 400 pictures mIoU on the
validation part was 40.8 with 0.8 to 1.25, and 39.1 with 0.75 to 1.5 (alone, one seed).
"""

from mmengine.config import read_base
from mmseg.models.losses import LovaszLoss

from argus.datasets.camvid import CamVid

with read_base():
    from .semantic import semantic_data, semantic_decoder

_num_classes = 11

camvid_semantic = dict(
    decoder=semantic_decoder(_num_classes),
    **semantic_data(
        dict(type=CamVid, data_root="data/small/camvid"),
        num_classes=_num_classes,
        scale=(480, 360),  # width, height of the pictures
        batch_size=2,
        parts=("val", "test"),
    ),
    licence="CamVid: academic use; Brostow et al., Pattern Recognition Letters 2009",
)
camvid_semantic["train"]["batch_size"] = 1
_head = camvid_semantic["decoder"]["decode_head"]
_head["loss_decode"] = [
    _head["loss_decode"],
    dict(type=LovaszLoss, reduction="none", loss_weight=1.0),
]
for _step in camvid_semantic["train"]["dataset"]["pipeline"]:
    if "ratio_range" in _step:
        _step["ratio_range"] = (0.8, 1.25)
