"""Short: CamVid and CIFAR-10 in 400 steps, for comparisons that two cores train in an afternoon.

    tools/ablate.py configs/small/short.yaml --seeds 2

One picture and four a step; measured on parts that are neither trained on nor tested on.
"""

from mmengine.config import read_base

with read_base():
    from .four_tasks import *

tasks = dict(camvid=tasks["camvid"], cifar10=tasks["cifar10"])
for _task in tasks.values():
    _task["test"] = _task["val"]
tasks["cifar10"]["train"]["batch_size"] = 4
