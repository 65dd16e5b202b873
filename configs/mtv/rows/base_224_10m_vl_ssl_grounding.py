"""MTV-B/16 at 224 px, 10 million pairs: VL + SSL + Grounding (Table 3).

    tools/dist_train.sh configs/mtv/rows/base_224_10m_vl_ssl_grounding.py 32

Cost: about 8 hours on 32 H200, by the paper's pictures per second and share of a step.
Expected (paper; IN-1k, COCO T->I, I->T, VQA, ADE20k, NAVI, SPair, NYUv2 RMSE):
49.0 23.5 33.9 43.2 39.5 43.3 22.4 .537.
Synergy in percent, Table 4 (paper; IN-1k, COCO I->T, ADE20k, NAVI, SPair, NYUv2, their mean):
62.0 64.4 37.9 72.7 31.7 40.8 51.7.
"""

from mmengine.config import read_base

with read_base():
    from ..base_224_10m import *

_dataset = tasks["captions"]["train"]["dataset"]
for _name in ("depth",):
    del tasks[_name], _dataset["pipeline"][-1]["labels"][_name]
