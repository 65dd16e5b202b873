"""Panoptic and instance segmentation on ADE20K at once, two Mask2Formers on the frozen Argus-Base.

    tools/dist_train.sh configs/stage2/ade20k_joint.py 8

One backbone pass serves both decoders; every decoder gets the gradients that it would get alone on
these images. Expected: PQ 45.1, AP_m 37.5 (paper: Table 1).
"""

from mmengine.config import read_base

with read_base():
    from .._base_.backbones.argus_base_frozen import *
    from .._base_.default_runtime import *
    from .._base_.schedules.stage2_160k import *
    from .._base_.tasks.ade20k_joint import ade20k_joint

tasks = ade20k_joint
