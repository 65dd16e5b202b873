"""MTV-B/16 at 224 px, 10 million pairs: VL (Table 3).

    tools/dist_train.sh configs/mtv/rows/base_224_10m_vl.py 32

Cost: about 5 hours on 32 H200, by the paper's pictures per second and share of a step.
Expected (paper; IN-1k, COCO T->I, I->T, VQA, ADE20k, NAVI, SPair, NYUv2 RMSE):
36.2 14.8 21.9 41.1 27.5 39.5 17.0 .643.
"""

from mmengine.config import read_base

with read_base():
    from ..base_224_10m import *

_dataset = tasks["captions"]["train"]["dataset"]
for _name in ("selfsup", "grounding", "depth"):
    del tasks[_name], _dataset["pipeline"][-1]["labels"][_name]
del _dataset["pipeline"][0]  # local crops
