"""Argus-Base, stage 1: five tasks from four data sets on one backbone (paper: Tables 1 and 2).

    tools/dist_train.sh configs/stage1_5task.py 8
    tools/dist_test.sh configs/stage1_5task.py work_dirs/stage1_5task/iter_300000.pth 8

Cost in the paper: 8 H100, about 4 days. Expected: AP_b 58.6, AP_m 51.8, AP_k 77.0, AR 81.8,
mIoU 56.5, top-1 86.3. Data: data/README.md; the frozen ViT:
data/weights/dinov2_vitb14_reg4_pretrain.pth.
"""

from mmengine.config import read_base

with read_base():
    from ._base_.backbones.argus_base import *
    from ._base_.default_runtime import *
    from ._base_.schedules.stage1_300k import *
    from ._base_.tasks.ade20k_semantic import ade20k_semantic
    from ._base_.tasks.coco_instance import coco_instance
    from ._base_.tasks.coco_keypoints import coco_keypoints
    from ._base_.tasks.imagenet_classification import imagenet_classification

tasks = dict(
    instance=coco_instance,
    keypoints=coco_keypoints,
    semantic=ade20k_semantic,
    classification=imagenet_classification,
)
custom_hooks = [ema]
