"""MTV-B/16 at 224 px, 10 million pairs: VL + Grounding (Table 4).

    tools/dist_train.sh configs/mtv/rows/base_224_10m_vl_grounding.py 32

Cost: about 7 hours on 32 H200, by the paper's pictures per second and share of a step.
The paper gives no numbers of it, but the synergy that it is a part of (Table 4).
"""

from mmengine.config import read_base

with read_base():
    from ..base_224_10m import *

_dataset = tasks["captions"]["train"]["dataset"]
for _name in ("selfsup", "depth"):
    del tasks[_name], _dataset["pipeline"][-1]["labels"][_name]
del _dataset["pipeline"][0]  # local crops
