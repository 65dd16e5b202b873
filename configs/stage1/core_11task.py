"""Core tasks: eleven, all of the paper but anomaly detection (paper: Table 13).

    tools/dist_train.sh configs/stage1/core_11task.py 8
    tools/analysis/curves.py work_dirs/stage1/core_11task --out core_11task.png

The eight of ``core_8task.py`` with panoptic segmentation of ADE20K, and human parts and saliency of
PASCAL-Context, which share a stream. Which eleven the paper has and their numbers are not in our
copy; these are ours.
"""

from mmengine.config import read_base

with read_base():
    from .._base_.tasks.ade20k_panoptic import ade20k_panoptic
    from .._base_.tasks.pascal_joint import pascal_joint
    from .core_8task import *

tasks.update(panoptic=ade20k_panoptic, **pascal_joint)
for _task in tasks.values():
    _task["paper"] = dict()
    _task["table"] = "Paper, Table 13"
