"""MTV-L/16 at 256 px, 10 million pairs: VL + SSL + Grounding (Table 3).

    tools/dist_train.sh configs/mtv/rows/large_256_10m_vl_ssl_grounding.py 64

Cost: about 12 hours on 64 H200, by the paper's pictures per second and share of a step.
Expected (paper; IN-1k, COCO T->I, I->T, VQA, ADE20k, NAVI, SPair, NYUv2 RMSE):
53.4 25.6 37.8 43.7 43.6 44.3 27.0 .498.
Synergy in percent, Table 4 (paper; IN-1k, COCO I->T, ADE20k, NAVI, SPair, NYUv2, their mean):
27.8 30.6 30.8 27.3 18.7 38.9 29.0.
"""

from mmengine.config import read_base

with read_base():
    from ..large_256_10m import *

_dataset = tasks["captions"]["train"]["dataset"]
for _name in ("depth",):
    del tasks[_name], _dataset["pipeline"][-1]["labels"][_name]
