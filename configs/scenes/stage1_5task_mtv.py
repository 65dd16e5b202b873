"""Stage 1 on generated scenes, on the frozen encoder of ``make demo-mtv``.

    make demo-mtv
    python -m argus.datasets.scenes data/scenes
    tools/dist_train.sh configs/scenes/stage1_5task_mtv.py 2

The same encoder untrained is work_dirs/demo_mtv/models/untrained; ``tools/ablate.py
configs/scenes/mtv_trunk.yaml`` compares both, with and without the adapter.
"""

from mmengine.config import read_base

with read_base():
    from .._base_.normalisation import normalised as _normalised
    from ._base_.mtv_tiny import backbone as _mtv
    from ._base_.mtv_tiny import pixels as _pixels
    from .stage1_5task import *

backbone = _mtv
_normalised(tasks, _pixels)
