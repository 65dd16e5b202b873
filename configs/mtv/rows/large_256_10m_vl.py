"""MTV-L/16 at 256 px, 10 million pairs: VL (Table 3).

    tools/dist_train.sh configs/mtv/rows/large_256_10m_vl.py 64

Cost: about 8 hours on 64 H200, by the paper's pictures per second and share of a step.
Expected (paper; IN-1k, COCO T->I, I->T, VQA, ADE20k, NAVI, SPair, NYUv2 RMSE):
35.0 14.9 21.6 39.0 30.0 40.1 18.1 .630.
"""

from mmengine.config import read_base

with read_base():
    from ..large_256_10m import *

_dataset = tasks["captions"]["train"]["dataset"]
for _name in ("selfsup", "grounding", "depth"):
    del tasks[_name], _dataset["pipeline"][-1]["labels"][_name]
del _dataset["pipeline"][0]  # local crops
