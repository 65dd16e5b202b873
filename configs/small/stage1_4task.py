"""Stage 1 on small real sets: four tasks from four sets on one frozen ViT-S/14 and its adapter.

python tools/checkpoints/download.py dinov2_vits14
python tools/train.py configs/small/stage1_4task.py
python tools/test.py configs/small/stage1_4task.py work_dirs/small/stage1_4task/iter_2400.pth

The 13.1 M parameters of adapter and decoders are trained, the 22.1 M of the ViT are not.
"""

from mmengine.config import read_base

with read_base():
    from .._base_.default_runtime import *
    from ._base_.argus_small import *
    from ._base_.schedule import *
    from ._base_.tasks.bccd_detection import bccd_detection
    from ._base_.tasks.camvid_semantic import camvid_semantic
    from ._base_.tasks.cifar10_classification import cifar10_classification
    from ._base_.tasks.nuclei_mask_rcnn import nuclei_mask_rcnn

tasks = dict(
    nuclei=nuclei_mask_rcnn,
    camvid=camvid_semantic,
    cifar10=cifar10_classification,
    bccd=bccd_detection,
)
custom_hooks = [ema]
