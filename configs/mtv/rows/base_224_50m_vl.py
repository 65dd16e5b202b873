"""MTV-B/16 at 224 px, 50 million pairs: VL (Table 3).

    tools/dist_train.sh configs/mtv/rows/base_224_50m_vl.py 32

Cost: about 13 hours on 32 H200, by the paper's pictures per second and share of a step.
Expected (paper; IN-1k, COCO T->I, I->T, VQA, ADE20k, NAVI, SPair, NYUv2 RMSE):
55.7 28.2 43.0 42.2 32.2 39.8 18.0 .604.
"""

from mmengine.config import read_base

with read_base():
    from ..base_224_50m import *

_dataset = tasks["captions"]["train"]["dataset"]
for _name in ("selfsup", "grounding", "depth"):
    del tasks[_name], _dataset["pipeline"][-1]["labels"][_name]
del _dataset["pipeline"][0]  # local crops
