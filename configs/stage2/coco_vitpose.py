"""Comparison: person keypoints with ViTPose's classic decoder on the frozen Argus-Base.

    tools/dist_train.sh configs/stage2/coco_vitpose.py 8

Two deconvolutions on the map of stride 16 in place of DPT on all four. The paper has no number of
it; ViTPose-B itself, its ViT trained with the decoder, has AP 75.8 and AR 81.1 (Xu et al., 2022).
The schedule is that of the other decoders on COCO, here 227 epochs of the persons; ViTPose has 210.
"""

from mmengine.config import read_base

with read_base():
    from .._base_.backbones.argus_base_frozen import *
    from .._base_.default_runtime import *
    from .._base_.schedules.stage2_3x import *
    from .._base_.tasks.coco_vitpose import coco_vitpose

tasks = dict(vitpose=coco_vitpose)
