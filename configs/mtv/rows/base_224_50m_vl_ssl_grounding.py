"""MTV-B/16 at 224 px, 50 million pairs: VL + SSL + Grounding (Table 3).

    tools/dist_train.sh configs/mtv/rows/base_224_50m_vl_ssl_grounding.py 32

Cost: about 19 hours on 32 H200, by the paper's pictures per second and share of a step.
Expected (paper; IN-1k, COCO T->I, I->T, VQA, ADE20k, NAVI, SPair, NYUv2 RMSE):
62.9 34.7 50.7 45.1 43.0 43.8 25.4 .513.
Synergy in percent, Table 4 (paper; IN-1k, COCO I->T, ADE20k, NAVI, SPair, NYUv2, their mean):
26.3 54.0 40.3 100.0 57.4 44.4 53.7.
"""

from mmengine.config import read_base

with read_base():
    from ..base_224_50m import *

_dataset = tasks["captions"]["train"]["dataset"]
for _name in ("depth",):
    del tasks[_name], _dataset["pipeline"][-1]["labels"][_name]
