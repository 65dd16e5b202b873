"""Saliency on PASCAL-Context, the adapter trained on with the decoder (paper: Table 9).

    tools/dist_train.sh configs/stage2/tuned_adapter/pascal_saliency.py 8

Expected: maxF 97.7.
The model is one of its own: its decoder does not fit the backbone of stage 1.
"""

from mmengine.config import read_base

with read_base():
    from ..._base_.backbones.argus_base_tuned import backbone as _tuned
    from ..pascal_saliency import *

backbone = _tuned
# not stated in paper; guess: the adapter is trained already
optim_wrapper["paramwise_cfg"] = dict(lr_mult={"backbone.": 0.1})
tasks["saliency"]["paper"] = dict(maxF=0.977)
tasks["saliency"]["table"] = "Paper, Table 9"
