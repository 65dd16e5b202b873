"""MTV-L/16 at 256 px, 50 million pairs: VL + Depth (Table 4).

    tools/dist_train.sh configs/mtv/rows/large_256_50m_vl_depth.py 64

Cost: about 25 hours on 64 H200, by the paper's pictures per second and share of a step.
The paper gives no numbers of it, but the synergy that it is a part of (Table 4).
"""

from mmengine.config import read_base

with read_base():
    from ..large_256_50m import *

_dataset = tasks["captions"]["train"]["dataset"]
for _name in ("selfsup", "grounding"):
    del tasks[_name], _dataset["pipeline"][-1]["labels"][_name]
del _dataset["pipeline"][0]  # local crops
