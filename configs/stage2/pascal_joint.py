"""Human parsing and saliency on PASCAL-Context at once, two decoders on the frozen Argus-Base.

    tools/dist_train.sh configs/stage2/pascal_joint.py 8

One backbone pass serves both decoders; every decoder gets the gradients that it would get alone on
these images, and those without people cost parsing nothing. Expected: mIoU 77.8, maxF 97.2 (paper:
Table 2).
"""

from mmengine.config import read_base

with read_base():
    from .._base_.backbones.argus_base_frozen import *
    from .._base_.default_runtime import *
    from .._base_.schedules.stage2_40k import *
    from .._base_.tasks.pascal_joint import pascal_joint

tasks = pascal_joint
