"""MTV on generated scenes with captions and self-supervision and regions.

    tools/dist_train.sh configs/mtv/scenes_rows/ssl_grounding.py 2

A row of ``configs/mtv/scenes_synergy.yaml``; scenes and tokenizer as for ``scenes.py``.
"""

from mmengine.config import read_base

with read_base():
    from ..scenes import *

_dataset = tasks["captions"]["train"]["dataset"]
del tasks["depth"], _dataset["pipeline"][-1]["labels"]["depth"]
