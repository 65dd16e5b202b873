"""MTV-L/16 at 256 px, 50 million pairs: VL + SSL + Depth (Table 4).

    tools/dist_train.sh configs/mtv/rows/large_256_50m_vl_ssl_depth.py 64

Cost: about 29 hours on 64 H200, by the paper's pictures per second and share of a step.
Synergy in percent, Table 4 (paper; IN-1k, COCO I->T, ADE20k, NAVI, SPair, NYUv2, their mean):
43.5 92.0 19.5 9.1 -34.7 4.6 22.3.
"""

from mmengine.config import read_base

with read_base():
    from ..large_256_50m import *

_dataset = tasks["captions"]["train"]["dataset"]
for _name in ("grounding",):
    del tasks[_name], _dataset["pipeline"][-1]["labels"][_name]
