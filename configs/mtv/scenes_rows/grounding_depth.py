"""MTV on generated scenes with captions and regions and depth.

    tools/dist_train.sh configs/mtv/scenes_rows/grounding_depth.py 2

A row of ``configs/mtv/scenes_synergy.yaml``; scenes and tokenizer as for ``scenes.py``.
"""

from mmengine.config import read_base

with read_base():
    from ..scenes import *

_dataset = tasks["captions"]["train"]["dataset"]
del tasks["selfsup"], _dataset["pipeline"][-1]["labels"]["selfsup"]
del _dataset["pipeline"][0]  # local crops
custom_hooks = []  # there is no teacher
