"""MTV-L/16 at 256 px, 50 million pairs: VL (Table 3).

    tools/dist_train.sh configs/mtv/rows/large_256_50m_vl.py 64

Cost: about 21 hours on 64 H200, by the paper's pictures per second and share of a step.
Expected (paper; IN-1k, COCO T->I, I->T, VQA, ADE20k, NAVI, SPair, NYUv2 RMSE):
60.8 31.1 46.3 43.3 37.3 39.9 19.8 .575.
"""

from mmengine.config import read_base

with read_base():
    from ..large_256_50m import *

_dataset = tasks["captions"]["train"]["dataset"]
for _name in ("selfsup", "grounding", "depth"):
    del tasks[_name], _dataset["pipeline"][-1]["labels"][_name]
del _dataset["pipeline"][0]  # local crops
