"""Argus-Large, stage 1: the five tasks of ``stage1_5task.py`` on the frozen ViT-L.

    tools/dist_train.sh configs/stage1_5task_large.py 8
    tools/dist_test.sh configs/stage1_5task_large.py work_dirs/stage1_5task_large/iter_300000.pth 8

Expected: mIoU 58.6, top-1 87.1; the other numbers of Large are not known. The frozen ViT:
data/weights/dinov2_vitl14_reg4_pretrain.pth. If memory is short, ``backbone.with_cp=True`` computes
activations again in place of keeping them.
"""

from mmengine.config import read_base

with read_base():
    from ._base_.backbones.argus_large import backbone as _large
    from .stage1_5task import *

backbone = _large
_channels = 1024  # of every map of the backbone; Base has 768

tasks["instance"]["decoder"]["pixel_encoder"].update(in_channels=[_channels] * 4)
tasks["keypoints"]["decoder"]["head"].update(in_channels=(_channels,) * 4)
tasks["semantic"]["decoder"]["decode_head"].update(in_channels=[_channels] * 4)
tasks["semantic"]["decoder"]["auxiliary_head"].update(in_channels=_channels)
tasks["classification"]["decoder"]["neck"].update(
    in_channels=_channels,
    num_heads=16,  # not stated in paper: the heads of ViT-L
)
tasks["classification"]["decoder"]["head"].update(in_channels=_channels)

tasks["instance"]["paper"] = dict()
tasks["instance"]["report"] = ["bbox_mAP", "segm_mAP"]
tasks["keypoints"]["paper"] = dict()
tasks["keypoints"]["report"] = ["AP", "AR"]
tasks["semantic"]["paper"] = dict(mIoU=0.586)
tasks["classification"]["paper"] = dict(top1=0.871)
