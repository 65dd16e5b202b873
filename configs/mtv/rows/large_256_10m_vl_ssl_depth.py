"""MTV-L/16 at 256 px, 10 million pairs: VL + SSL + Depth (Table 4).

    tools/dist_train.sh configs/mtv/rows/large_256_10m_vl_ssl_depth.py 64

Cost: about 12 hours on 64 H200, by the paper's pictures per second and share of a step.
Synergy in percent, Table 4 (paper; IN-1k, COCO I->T, ADE20k, NAVI, SPair, NYUv2, their mean):
17.4 21.8 27.9 24.2 24.0 53.6 28.1.
"""

from mmengine.config import read_base

with read_base():
    from ..large_256_10m import *

_dataset = tasks["captions"]["train"]["dataset"]
for _name in ("grounding",):
    del tasks[_name], _dataset["pipeline"][-1]["labels"][_name]
