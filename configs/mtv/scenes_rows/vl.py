"""MTV on generated scenes with captions alone: what Table 4 of the paper compares with.

    tools/dist_train.sh configs/mtv/scenes_rows/vl.py 2

A row of ``configs/mtv/scenes_synergy.yaml``.
"""

from mmengine.config import read_base

with read_base():
    from ..scenes_vl import *
