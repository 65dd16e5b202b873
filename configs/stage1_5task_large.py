"""Argus-Large, stage 1: the tasks of ``stage1_5task.py`` on the frozen ViT-L (paper: Table 7).

    tools/dist_train.sh configs/stage1_5task_large.py 8
    tools/dist_test.sh configs/stage1_5task_large.py work_dirs/stage1_5task_large/iter_300000.pth 8

Expected: AP_b 60.2, AP_m 53.1, AP_k 78.0, mIoU 58.6, top-1 87.1. The frozen ViT:
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

tasks["instance"]["paper"] = dict(bbox_mAP=0.602, segm_mAP=0.531)
tasks["keypoints"]["paper"] = dict(AP=0.780)
tasks["keypoints"]["report"] = ["AP", "AR"]
tasks["semantic"]["paper"] = dict(mIoU=0.586)
tasks["classification"]["paper"] = dict(top1=0.871)
for _task in tasks.values():
    _task["table"] = "Paper, Table 7"
