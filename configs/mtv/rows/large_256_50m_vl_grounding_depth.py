"""MTV-L/16 at 256 px, 50 million pairs: VL + Grounding + Depth (Table 4).

    tools/dist_train.sh configs/mtv/rows/large_256_50m_vl_grounding_depth.py 64

Cost: about 31 hours on 64 H200, by the paper's pictures per second and share of a step.
Synergy in percent, Table 4 (paper; IN-1k, COCO I->T, ADE20k, NAVI, SPair, NYUv2, their mean):
45.5 33.3 33.3 29.4 17.9 18.5 29.7.
"""

from mmengine.config import read_base

with read_base():
    from ..large_256_50m import *

_dataset = tasks["captions"]["train"]["dataset"]
for _name in ("selfsup",):
    del tasks[_name], _dataset["pipeline"][-1]["labels"][_name]
del _dataset["pipeline"][0]  # local crops
