"""MTV-L/16 at 256 px, 10 million pairs: VL + Grounding (Table 4).

    tools/dist_train.sh configs/mtv/rows/large_256_10m_vl_grounding.py 64

Cost: about 11 hours on 64 H200, by the paper's pictures per second and share of a step.
The paper gives no numbers of it, but the synergy that it is a part of (Table 4).
"""

from mmengine.config import read_base

with read_base():
    from ..large_256_10m import *

_dataset = tasks["captions"]["train"]["dataset"]
for _name in ("selfsup", "depth"):
    del tasks[_name], _dataset["pipeline"][-1]["labels"][_name]
del _dataset["pipeline"][0]  # local crops
