"""Surface normals on NYUv2 with the cosine loss, UperNet on the frozen Argus-Base.

    tools/dist_train.sh configs/stage2/nyuv2_normals_cosine.py 8

The paper does not state its loss; expected: mean angular error 18.6 degrees.
"""

from mmengine.config import read_base

from argus.models.losses import NormalsCosineLoss

with read_base():
    from .nyuv2_normals import *

tasks["normals"]["decoder"]["head"]["loss"] = dict(
    type=NormalsCosineLoss,
    loss_weight=1.0,  # not stated in paper; guess, as of L1
)
