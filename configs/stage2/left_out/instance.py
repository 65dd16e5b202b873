"""Left out of stage 1 (paper: Table 5): detection and instance segmentation on COCO.

    tools/dist_train.sh configs/stage1/without_instance.py 8
    tools/dist_train.sh configs/stage2/left_out/instance.py 8

Trained on the frozen backbone of a stage 1 without it. Expected: AP_b 54.2, AP_m 48.1.
The schedule is that of stage 1; the paper does not state it.
"""

from mmengine.config import read_base

with read_base():
    from ..._base_.backbones.argus_base_frozen import backbone as _frozen
    from ...stage1.no_ema_200k import *

backbone = _frozen
backbone["checkpoint"] = "work_dirs/stage1/without_instance/iter_200000.pth"
tasks = dict(instance=tasks["instance"])
tasks["instance"]["paper"] = dict(bbox_mAP=0.542, segm_mAP=0.481)
tasks["instance"]["table"] = "Paper, Table 5"
