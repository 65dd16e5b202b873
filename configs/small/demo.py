"""What ``make demo-real`` trains: streets and cell nuclei on one frozen ViT-S/14 and its adapter.

    make demo-real

Streets as in ``stage1_4task``, at a smaller size, and nuclei with Mask R-CNN, for 180 steps: to see
it work on real pictures, in minutes, not to reach what a longer training does. For two processes of
one core each.
"""

from mmengine.config import read_base

with read_base():
    from .._base_.default_runtime import *
    from ._base_.argus_small import *
    from ._base_.schedule import *
    from ._base_.tasks.camvid_semantic import camvid_semantic
    from ._base_.tasks.nuclei_mask_rcnn import nuclei_mask_rcnn

_crop_size = (224, 224)
_scale = (384, 288)

camvid_semantic["decoder"]["data_preprocessor"]["size"] = _crop_size
for _part in ("train", "val", "test"):
    for _step in camvid_semantic[_part]["dataset"]["pipeline"]:
        if "crop_size" in _step:
            _step["crop_size"] = _crop_size
        if "scale" in _step:
            _step["scale"] = _scale
nuclei_mask_rcnn["test"] = nuclei_mask_rcnn["val"]
tasks = dict(camvid=camvid_semantic, nuclei=nuclei_mask_rcnn)
for _task in tasks.values():
    _task["train"]["batch_size"] = 2  # of each process

_max_iters = 180
_warmup_iters = 18
train_cfg.update(max_iters=_max_iters)
param_scheduler[0].update(end=_warmup_iters)
param_scheduler[1].update(begin=_warmup_iters, end=_max_iters, T_max=_max_iters - _warmup_iters)
default_hooks["logger"].update(interval=10)
