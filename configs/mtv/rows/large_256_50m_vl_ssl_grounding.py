"""MTV-L/16 at 256 px, 50 million pairs: VL + SSL + Grounding (Table 3).

    tools/dist_train.sh configs/mtv/rows/large_256_50m_vl_ssl_grounding.py 64

Cost: about 31 hours on 64 H200, by the paper's pictures per second and share of a step.
Expected (paper; IN-1k, COCO T->I, I->T, VQA, ADE20k, NAVI, SPair, NYUv2 RMSE):
67.6 37.4 51.5 45.9 47.2 43.7 28.1 .472.
Synergy in percent, Table 4 (paper; IN-1k, COCO I->T, ADE20k, NAVI, SPair, NYUv2, their mean):
47.8 33.8 30.7 21.8 10.7 39.2 30.7.
"""

from mmengine.config import read_base

with read_base():
    from ..large_256_50m import *

_dataset = tasks["captions"]["train"]["dataset"]
for _name in ("depth",):
    del tasks[_name], _dataset["pipeline"][-1]["labels"][_name]
