"""Instance segmentation on ADE20K, the adapter trained on with the decoder (paper: Table 9).

    tools/dist_train.sh configs/stage2/tuned_adapter/ade20k_instance.py 8

Expected: AP_m 37.6.
The model is one of its own: its decoder does not fit the backbone of stage 1.
"""

from mmengine.config import read_base

with read_base():
    from ..._base_.backbones.argus_base_tuned import backbone as _tuned
    from ..ade20k_instance import *

backbone = _tuned
# not stated in paper; guess: the adapter is trained already
optim_wrapper["paramwise_cfg"] = dict(lr_mult={"backbone.": 0.1})
tasks["ade20k_instance"]["paper"] = dict(segm_mAP=0.376)
tasks["ade20k_instance"]["table"] = "Paper, Table 9"
