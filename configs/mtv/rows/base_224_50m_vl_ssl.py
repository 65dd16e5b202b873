"""MTV-B/16 at 224 px, 50 million pairs: VL + SSL (Table 3).

    tools/dist_train.sh configs/mtv/rows/base_224_50m_vl_ssl.py 32

Cost: about 15 hours on 32 H200, by the paper's pictures per second and share of a step.
Expected (paper; IN-1k, COCO T->I, I->T, VQA, ADE20k, NAVI, SPair, NYUv2 RMSE):
61.4 32.4 48.0 44.7 39.9 40.4 22.7 .556.
"""

from mmengine.config import read_base

with read_base():
    from ..base_224_50m import *

_dataset = tasks["captions"]["train"]["dataset"]
for _name in ("grounding", "depth"):
    del tasks[_name], _dataset["pipeline"][-1]["labels"][_name]
