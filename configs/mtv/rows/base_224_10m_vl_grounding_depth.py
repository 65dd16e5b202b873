"""MTV-B/16 at 224 px, 10 million pairs: VL + Grounding + Depth (Table 4).

    tools/dist_train.sh configs/mtv/rows/base_224_10m_vl_grounding_depth.py 32

Cost: about 8 hours on 32 H200, by the paper's pictures per second and share of a step.
Synergy in percent, Table 4 (paper; IN-1k, COCO I->T, ADE20k, NAVI, SPair, NYUv2, their mean):
22.8 27.4 33.8 36.4 51.5 56.2 38.1.
"""

from mmengine.config import read_base

with read_base():
    from ..base_224_10m import *

_dataset = tasks["captions"]["train"]["dataset"]
for _name in ("selfsup",):
    del tasks[_name], _dataset["pipeline"][-1]["labels"][_name]
del _dataset["pipeline"][0]  # local crops
