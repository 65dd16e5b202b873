"""Depth on NYUv2 as the expectation over 256 bins, DPT on the frozen Argus-Base.

    tools/dist_train.sh configs/stage2/nyuv2_depth_bins.py 8

The paper does not say whether its DPT decoder regresses depth or has bins; expected: RMSE 0.290 m.
"""

from mmengine.config import read_base

with read_base():
    from .._base_.models.dpt_depth import bin_depth_head as _bin_head
    from .nyuv2_depth import *

# Assigned, as an update would merge the two heads.
tasks["depth"]["decoder"]["head"] = _bin_head
