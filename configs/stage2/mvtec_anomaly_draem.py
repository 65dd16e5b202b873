"""Anomaly detection on MVTec AD, DRAEM-style heads on the frozen Argus-Base (paper: Table 2).

    tools/dist_train.sh configs/stage2/mvtec_anomaly_draem.py 1

Cost in the paper: less than 12 hours on 8 H100 for the seven tasks of stage 2 together. Expected:
I-AUROC 99.3, should the paper's decoder be of this kind. Eight images a step, so one GPU.
"""

from mmengine.config import read_base

with read_base():
    from .._base_.backbones.argus_base_frozen import *
    from .._base_.default_runtime import *
    from .._base_.schedules.stage2_draem import *
    from .._base_.tasks.mvtec_anomaly_draem import mvtec_anomaly_draem

tasks = dict(anomaly=mvtec_anomaly_draem)
