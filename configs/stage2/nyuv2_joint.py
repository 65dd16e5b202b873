"""Four tasks on NYUv2 at once on the frozen Argus-Base: semantic, boundary, normals; depth.

    tools/dist_train.sh configs/stage2/nyuv2_joint.py 8

The first three are labels on the same images and share a backbone pass; depth has images of its
own. Every decoder gets the gradients that it would get alone on these images. Expected: mIoU 64.7
(paper: Table 1), odsF 76.7, mean angular error 18.6 degrees, RMSE 0.290 m (Table 2).
"""

from mmengine.config import read_base

with read_base():
    from .._base_.backbones.argus_base_frozen import *
    from .._base_.default_runtime import *
    from .._base_.schedules.stage2_40k import *
    from .._base_.tasks.nyuv2_depth import nyuv2_depth
    from .._base_.tasks.nyuv2_joint import nyuv2_joint

tasks = dict(**nyuv2_joint, depth=nyuv2_depth)
# Each decoder is clipped by its own norm; depth, whose bound this is, has the largest.
optim_wrapper["clip_grad"] = dict(max_norm=35.0)  # not stated in paper: DINOv2, depth alone
