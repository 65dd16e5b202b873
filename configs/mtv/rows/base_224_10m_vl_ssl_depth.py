"""MTV-B/16 at 224 px, 10 million pairs: VL + SSL + Depth (Table 4).

    tools/dist_train.sh configs/mtv/rows/base_224_10m_vl_ssl_depth.py 32

Cost: about 7 hours on 32 H200, by the paper's pictures per second and share of a step.
Synergy in percent, Table 4 (paper; IN-1k, COCO I->T, ADE20k, NAVI, SPair, NYUv2, their mean):
50.7 41.8 31.0 -10.0 26.8 56.6 32.9.
"""

from mmengine.config import read_base

with read_base():
    from ..base_224_10m import *

_dataset = tasks["captions"]["train"]["dataset"]
for _name in ("grounding",):
    del tasks[_name], _dataset["pipeline"][-1]["labels"][_name]
