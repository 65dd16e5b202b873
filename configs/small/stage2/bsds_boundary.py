"""Stage 2 on small real sets: boundaries of BSDS500 alone, at twice the size, frozen backbone.

    python tools/train.py configs/small/stage1_4task.py
    python tools/train.py configs/small/stage2/bsds_boundary.py

A boundary is matched within four pixels, and the finest map has a stride of four: pictures of twice
the size make that two. It gains next to nothing (docs/small_real.md).
"""

from mmengine.config import read_base

from argus.datasets.transforms import JointResize

with read_base():
    from ..._base_.default_runtime import *
    from .._base_.argus_small_frozen import *
    from .._base_.stage2_schedule import *
    from .._base_.tasks.bsds_boundary import bsds_boundary

_resize = bsds_boundary["train"]["dataset"]["pipeline"][2]
_resize["ratio_range"] = (2.0, 2.5)
# All pictures have 321 by 481 pixels, upright or lying; labels stay at the size of the file.
bsds_boundary["val"]["dataset"]["pipeline"].insert(1, dict(type=JointResize, short_side=642))
tasks = dict(boundary=bsds_boundary)
