"""Anomaly detection on MVTec AD, SimpleNet's heads on the frozen Argus-Base (paper: Table 2).

    tools/dist_train.sh configs/stage2/mvtec_anomaly.py 1

Cost in the paper: less than 12 hours on 8 H100 for the seven tasks of stage 2 together. Expected:
I-AUROC 99.3. Eight images a step, so one GPU.
"""

from mmengine.config import read_base

with read_base():
    from .._base_.backbones.argus_base_frozen import *
    from .._base_.default_runtime import *
    from .._base_.schedules.stage2_anomaly import *
    from .._base_.tasks.mvtec_anomaly import mvtec_anomaly

tasks = dict(anomaly=mvtec_anomaly)
# SimpleNet's code: the adaptor has AdamW with lr 1e-4 and its default decay, 0.01; the
# discriminator Adam with lr 2e-4 and decay 1e-5, here AdamW too.
_discriminators = [
    f"decoders.anomaly.heads.{_category}.discriminator."
    for _category in ("transistor", "metal_nut", "screw", "leather")
]
optim_wrapper["paramwise_cfg"] = dict(
    lr_mult=dict.fromkeys(_discriminators, 2.0),  # not stated in paper: SimpleNet
    decay_mult=dict.fromkeys(_discriminators, 1e-3),  # not stated in paper: SimpleNet
)
