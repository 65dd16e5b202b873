"""MTV-L/16 at 256 px, 50 million pairs: VL + SSL (Table 3).

    tools/dist_train.sh configs/mtv/rows/large_256_50m_vl_ssl.py 64

Cost: about 25 hours on 64 H200, by the paper's pictures per second and share of a step.
Expected (paper; IN-1k, COCO T->I, I->T, VQA, ADE20k, NAVI, SPair, NYUv2 RMSE):
65.4 34.5 48.0 44.9 45.5 43.2 27.3 .501.
"""

from mmengine.config import read_base

with read_base():
    from ..large_256_50m import *

_dataset = tasks["captions"]["train"]["dataset"]
for _name in ("grounding", "depth"):
    del tasks[_name], _dataset["pipeline"][-1]["labels"][_name]
