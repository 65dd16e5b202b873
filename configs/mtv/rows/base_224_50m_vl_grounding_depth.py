"""MTV-B/16 at 224 px, 50 million pairs: VL + Grounding + Depth (Table 4).

    tools/dist_train.sh configs/mtv/rows/base_224_50m_vl_grounding_depth.py 32

Cost: about 19 hours on 32 H200, by the paper's pictures per second and share of a step.
Synergy in percent, Table 4 (paper; IN-1k, COCO I->T, ADE20k, NAVI, SPair, NYUv2, their mean):
2.6 26.3 40.7 87.5 78.8 19.4 42.6.
"""

from mmengine.config import read_base

with read_base():
    from ..base_224_50m import *

_dataset = tasks["captions"]["train"]["dataset"]
for _name in ("selfsup",):
    del tasks[_name], _dataset["pipeline"][-1]["labels"][_name]
del _dataset["pipeline"][0]  # local crops
