"""MTV on generated scenes with captions alone, for as many steps: what the other tasks add.

    tools/dist_train.sh configs/mtv/scenes_vl.py 2

Scenes and tokenizer as for ``scenes.py``; ``make demo-mtv ARGS=--ablate`` runs and measures both.
"""

from mmengine.config import read_base

with read_base():
    from .scenes import *

_dataset = tasks["captions"]["train"]["dataset"]
for _name in ("selfsup", "grounding", "depth"):
    del tasks[_name], _dataset["pipeline"][-1]["labels"][_name]
del _dataset["pipeline"][0]  # local crops
custom_hooks = []  # there is no teacher
